// A walk through a live panel, as a program would make it; the project's tests run it under Node. Address, e-mail,
// password and a job come from the environment; it ends with one line of JSON, or throws.
import { Shopfleet, ShopfleetError, unwrap, type LogIn } from "./index.js";

declare const process: { env: Record<string, string | undefined> };

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const check = (what: string, holds: boolean): void => {
  if (!holds) throw new Error(what);
};

const url = env("WALK_URL");
const kept: LogIn[] = [];
const who = { email: env("WALK_EMAIL"), password: env("WALK_PASSWORD"), account: "staff" as const };
const client = await Shopfleet.logIn({ url, onLogIn: (logIn) => void kept.push(logIn) }, who);

const stores = await unwrap(client.api.GET("/api/v1/stores", { params: { query: { limit: 10 } } }));
const first = stores.items[0];
check("there is a store", first !== undefined);
// Types hold: an unknown field does not compile.
// @ts-expect-error no such field
void first?.no_such_field;

let numbers: number[] = [];
let end = "";
for await (const event of client.follow(env("WALK_JOB"))) {
  if (event.event === "lines") numbers = numbers.concat(event.data.lines.map((line) => line.number));
  if (event.event === "end") end = event.data.state;
}

let code = "";
try {
  await unwrap(client.api.GET("/api/v1/stores/{id}", { params: { path: { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" } } }));
} catch (error) {
  if (!(error instanceof ShopfleetError)) throw error;
  // The code is one of the document's, and the compiler knows them all.
  if (error.code === "not_found") code = error.code;
}

// An access token that is over renews itself, once for all that want it.
const last = kept.at(-1);
check("the log-in was handed over", last !== undefined);
const stale = new Shopfleet({ url, logIn: { access: "over", refresh: last?.refresh ?? "" }, onLogIn: (l) => void kept.push(l) });
const mails = await Promise.all([1, 2, 3, 4].map(() => unwrap(stale.api.GET("/api/v1/account"))));
check("renewed once", kept.length === 3);

const jobs: string[] = [];
for await (const job of stale.all((after) =>
  unwrap(stale.api.GET("/api/v1/jobs", { params: { query: { kind: "noop", limit: 2, ...(after === undefined ? {} : { after }) } } })),
)) {
  jobs.push(job.id);
}
await unwrap(stale.api.POST("/api/v1/auth/logout"));
console.log(JSON.stringify({ store: first?.name, lines: numbers.length, end, code, email: mails[0]?.email, jobs: jobs.length }));
