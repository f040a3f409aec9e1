/*
 * The init of Shopfleet's web containers (process 1).
 *
 * It starts nginx and php-fpm, passes signals on, reaps every orphan, and ends as soon as one of
 * the two has ended, so that the container's state is the truth about the service. Given a script
 * ("--cron FILE") it also runs WordPress' scheduled work through the php command line at the lowest
 * priority. There is no shell and no configuration; what is started is fixed below.
 *
 * Idle shops must cost next to nothing: scheduled work runs when the script's own "next due" file
 * (/run/cron-next, seconds since the epoch) says so, at most once a minute, and at most every
 * five minutes while nobody has asked for a page (/run/active untouched since the last run).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACTIVE_FILE "/run/active"
#define NEXT_FILE "/run/cron-next"
enum {
  FIRST_RUN_S = 60,    /* a new shop's first minute belongs to its visitors */
  BUSY_GAP_S = 60,     /* WordPress' own granularity */
  IDLE_GAP_S = 300,    /* nobody is looking */
  LONGEST_GAP_S = 900, /* even when the script said nothing is due */
  RUN_LIMIT_S = 600,   /* a hung run is killed */
  STOP_LIMIT_S = 8     /* below Docker's 10 s */
};

static char *const NGINX[] = {"/usr/sbin/nginx", "-g", "daemon off;", NULL};
static char *const FPM[] = {"/usr/sbin/php-fpm8.2", "--nodaemonize", "--fpm-config",
                            "/etc/php/8.2/fpm/php-fpm.conf", NULL};

static sigset_t watched;

static time_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}

static pid_t start(char *const argv[], int background) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  sigprocmask(SIG_UNBLOCK, &watched, NULL);
  if (background) {
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, 1, 0, 3 << 13); /* idle class */
  }
  execv(argv[0], argv);
  fprintf(stderr, "init: cannot start %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

/* Seconds since the epoch of the next scheduled event, 0 when unknown. */
static long long next_due(void) {
  char text[32] = {0};
  FILE *f = fopen(NEXT_FILE, "re");
  if (!f) return 0;
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  return atoll(text);
}

static time_t touched(void) {
  struct stat s;
  return stat(ACTIVE_FILE, &s) == 0 ? s.st_mtime : 0;
}

int main(int argc, char **argv) {
  char *cron_argv[] = {"/usr/bin/php8.2", NULL, NULL};
  if (argc == 3 && strcmp(argv[1], "--cron") == 0) cron_argv[1] = argv[2];

  sigemptyset(&watched);
  int signals[] = {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaddset(&watched, signals[i]);
  sigprocmask(SIG_BLOCK, &watched, NULL);

  pid_t fpm = start(FPM, 0), nginx = start(NGINX, 0), cron = 0;
  if (fpm < 0 || nginx < 0) return 1;
  time_t started = now(), cron_started = 0, stop_by = 0;
  time_t cron_wall = 0; /* wall time of the last run, comparable with file times */
  int status = 0, stopping = 0;

  for (;;) {
    struct timespec wait = {stopping ? 1 : 15, 0};
    int signal = sigtimedwait(&watched, NULL, &wait);
    pid_t dead;
    int how;
    while ((dead = waitpid(-1, &how, WNOHANG)) > 0) {
      if (dead == cron) cron = 0;
      if (dead != nginx && dead != fpm) continue;
      const char *name = dead == nginx ? "nginx" : "php-fpm";
      if (dead == nginx) nginx = 0; else fpm = 0;
      if (!stopping) {
        fprintf(stderr, "init: %s ended (status 0x%x), stopping\n", name, how);
        status = 1;
        signal = SIGTERM;
      }
    }
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) {
      if (!stopping) stop_by = now() + STOP_LIMIT_S;
      stopping = 1;
      if (nginx > 0) kill(nginx, SIGQUIT); /* both finish what they are serving */
      if (fpm > 0) kill(fpm, SIGQUIT);
      if (cron > 0) kill(cron, SIGTERM);
    }
    if (stopping) {
      if (nginx == 0 && fpm == 0) return status;
      if (now() >= stop_by) kill(-1, SIGKILL);
      continue;
    }
    if (signal == SIGHUP) kill(nginx, SIGHUP);
    if (signal == SIGUSR2) kill(fpm, SIGUSR2);

    if (!cron_argv[1]) continue;
    if (cron > 0) {
      if (now() - cron_started > RUN_LIMIT_S) kill(cron, SIGKILL);
      continue;
    }
    time_t since = now() - (cron_started ? cron_started : started);
    int busy = touched() > cron_wall;
    long long due = next_due();
    int is_due = due == 0 || due <= (long long)time(NULL);
    int run = !cron_started ? since >= FIRST_RUN_S
                            : (is_due && since >= (busy ? BUSY_GAP_S : IDLE_GAP_S)) || since >= LONGEST_GAP_S;
    if (run) {
      cron_started = now();
      cron_wall = time(NULL);
      cron = start(cron_argv, 1);
      if (cron < 0) cron = 0;
    }
  }
}
