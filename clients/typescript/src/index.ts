// A typed client of the Shopfleet API: types from the OpenAPI document, requests by openapi-fetch. Here is what the
// document cannot say: who calls, that a change happens once, errors as exceptions with their code, renewal of a
// log-in, and following a job.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

/** The stable codes of errors. */
export type ProblemCode = components["schemas"]["ProblemCode"];
/** An error answer of the panel. */
export type Problem = components["schemas"]["Problem"];
/** A line of a job's log. */
export type Line = components["schemas"]["Line"];

/** What the panel refused, with its code. */
export class ShopfleetError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ShopfleetError";
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
  }
}

/** The answer of a call, or a {@link ShopfleetError}. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const problem = error as Partial<Problem> | undefined;
  if (problem && typeof problem === "object" && typeof problem.code === "string") {
    throw new ShopfleetError(problem as Problem);
  }
  throw new Error(`the panel answered ${response.status} with something that is no problem document`);
}

/** A log-in; keep it where nobody else can read it. */
export interface LogIn {
  access: string;
  refresh: string;
}

export interface Options {
  /** Address of the panel; https, except on the machine itself. */
  url: string;
  /** An API token. */
  token?: string;
  /** A log-in, instead of a token. */
  logIn?: LogIn;
  /** Called before a refresh token is sent (with an empty one) and with the renewed log-in: keep what it is given. */
  onLogIn?: (logIn: LogIn) => void | Promise<void>;
}

/** What happened to a job. */
export type JobEvent =
  | { event: "lines"; data: { from: number; to: number; lines: Line[] } }
  | { event: "step"; data: { position: number; title: string; state: string } }
  | { event: "progress"; data: { percent: number; text: string } }
  | { event: "state" | "end"; data: { state: string; over: boolean; attempt: number; last: number } };

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

export class Shopfleet {
  /** Every operation by its path, typed. */
  readonly api: Client<paths>;
  readonly #url: string;
  readonly #onLogIn: (logIn: LogIn) => void | Promise<void>;
  #token: string | undefined;
  #logIn: LogIn | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: Options) {
    const url = new URL(options.url);
    if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback.has(url.hostname))) {
      throw new Error(`${options.url} is not encrypted; use https`);
    }
    this.#url = options.url.replace(/\/+$/, "");
    this.#token = options.token;
    this.#logIn = options.logIn;
    this.#onLogIn = options.onLogIn ?? (() => undefined);
    this.api = createClient<paths>({ baseUrl: this.#url, fetch: (request) => this.#fetch(request) });
    const keyed: Middleware = {
      onRequest({ request }) {
        // A change that is sent again (see #fetch) happens once.
        if (request.method !== "GET" && !request.headers.has("idempotency-key")) {
          request.headers.set("idempotency-key", crypto.randomUUID());
        }
        return request;
      },
    };
    this.api.use(keyed);
  }

  /** Logs in with name and password, and a code where the account has a second factor. */
  static async logIn(
    options: Options,
    who: { email: string; password: string; code?: string; account?: "customer" | "staff" },
  ): Promise<Shopfleet> {
    const client = new Shopfleet(options);
    const tokens = await unwrap(client.api.POST("/api/v1/auth/login", { body: who }));
    client.#logIn = { access: tokens.access_token, refresh: tokens.refresh_token };
    await client.#onLogIn(client.#logIn);
    return client;
  }

  /** Rows of all pages of a list, one after the other. */
  async *all<T>(page: (after: string | undefined) => Promise<{ items: T[]; next?: string | null }>): AsyncGenerator<T> {
    let after: string | undefined;
    do {
      const { items, next } = await page(after);
      yield* items;
      after = next ?? undefined;
    } while (after !== undefined);
  }

  /** Follows a job until it ends; goes on after the last line that came, however often the connection is cut. */
  async *follow(job: string, after = 0): AsyncGenerator<JobEvent> {
    const address = `${this.#url}/api/v1/jobs/${encodeURIComponent(job)}/events`;
    let pause = 2000;
    let failures = 0;
    for (;;) {
      const headers = { accept: "text/event-stream", "last-event-id": String(after) };
      try {
        const response = await this.#fetch(new Request(address, { headers, redirect: "error" }));
        if (response.status === 204) return;
        if (!response.ok) await unwrap(failed(response));
        for await (const block of blocks(response)) {
          failures = 0;
          let name = "";
          let data = "";
          for (const line of block.split("\n")) {
            if (line.startsWith("event: ")) name = line.slice(7);
            else if (line.startsWith("data: ")) data += line.slice(6);
            else if (line.startsWith("retry: ")) pause = Math.min(Number(line.slice(7)) || pause, 30_000);
          }
          if (!["lines", "step", "progress", "state", "end"].includes(name)) continue;
          const event = { event: name, data: JSON.parse(data) } as JobEvent;
          if (event.event === "lines") after = Math.max(after, event.data.to);
          yield event;
          if (event.event === "end") return;
        }
      } catch (error) {
        failures += 1;
        const passing = error instanceof ShopfleetError ? error.status === 503 || error.status === 429 : true;
        if (!passing || failures >= 8) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, 200 << Math.min(failures, 8))));
    }
  }

  async #fetch(request: Request): Promise<Response> {
    // These carry no key: a second one would be another log-in, and another use of a token that works once.
    const open = /\/api\/v1\/(auth\/(login|refresh)|oauth\/token)$/.test(new URL(request.url).pathname);
    for (let tried = 1; ; tried += 1) {
      const bearer = this.#token ?? this.#logIn?.access;
      const attempt = new Request(request.clone(), { redirect: "error" });
      if (bearer !== undefined && !open) attempt.headers.set("authorization", `Bearer ${bearer}`);
      let response: Response;
      try {
        response = await fetch(attempt);
      } catch (error) {
        if (open || tried >= 4) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 << tried));
        continue;
      }
      if (response.status === 401 && !open && this.#logIn !== undefined && this.#token === undefined && tried === 1) {
        await this.#renew(bearer);
        continue;
      }
      const again = response.status === 503 || (response.status === 409 && response.headers.has("retry-after"));
      if (!again || open || tried >= 4) return response;
      const seconds = Number(response.headers.get("retry-after") ?? "0");
      if (seconds > 30) return response;
      await new Promise((resolve) => setTimeout(resolve, Math.max(seconds * 1000, 100 << tried)));
    }
  }

  /** One renewal however many calls want it. A refresh token works once: it is never sent a second time. */
  #renew(refused: string | undefined): Promise<void> {
    this.#renewing ??= (async () => {
      const now = this.#logIn;
      if (now === undefined || now.access !== refused) return;
      if (now.refresh === "") throw new Error("the log-in is over; log in again");
      this.#logIn = { access: now.access, refresh: "" };
      await this.#onLogIn(this.#logIn);
      const tokens = await unwrap(this.api.POST("/api/v1/auth/refresh", { body: { refresh_token: now.refresh } }));
      this.#logIn = { access: tokens.access_token, refresh: tokens.refresh_token };
      await this.#onLogIn(this.#logIn);
    })().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }
}

async function failed(response: Response): Promise<{ error: unknown; response: Response }> {
  return { error: await response.json().catch(() => undefined), response };
}

async function* blocks(response: Response): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
  }
}
