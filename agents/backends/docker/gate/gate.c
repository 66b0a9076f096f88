// Stands before a container's program, in the place of the engine's init (docs/adr/0043): finds the program, waits until it is told
// to go on, and becomes it. A program that can't be run ends it before it waits, as the engine would not start such a container.
// No library, so that it runs in every image. `build` compiles it into programs.ts.
#if defined(__x86_64__)
enum { WRITE = 1, SIGMASK = 14, EXECVE = 59, SIGWAIT = 128, EXIT = 231, STAT = 262, ACCESS = 269, MODE_WORD = 6 };
static long call(long number, long a, long b, long c, long d) {
  register long fourth __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".section .text.first,\"ax\"\n.globl _start\n_start: mov %rsp, %rdi\nand $-16, %rsp\ncall begin\n.text");
#elif defined(__aarch64__)
enum { WRITE = 64, SIGMASK = 135, EXECVE = 221, SIGWAIT = 137, EXIT = 94, STAT = 79, ACCESS = 48, MODE_WORD = 4 };
static long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
__asm__(".section .text.first,\"ax\"\n.globl _start\n_start: mov x0, sp\nbl begin\n.text");
#endif

typedef unsigned long set;
enum { SIGCHLD = 17, SIGCONT = 18, SIGURG = 23, SET_MASK = 2 };
enum { HERE = -100, X_OK = 1, KIND = 0170000, DIRECTORY = 0040000 };
enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, LONGEST = 4096 };

static const char ENGINES_INIT[] = "/sbin/muster-init";

static void end(int code) {
  for (;;) call(EXIT, code, 0, 0, 0);
}

// 0 where it can be run.
static int why_not(const char *path) {
  unsigned int stat[64];
  if (call(STAT, HERE, (long)path, (long)stat, 0) != 0) return NOT_FOUND;
  if ((stat[MODE_WORD] & KIND) == DIRECTORY) return NOT_EXECUTABLE;
  return call(ACCESS, HERE, (long)path, X_OK, 0) == 0 ? 0 : NOT_EXECUTABLE;
}

static const char *search_path(char **environment) {
  for (; *environment; environment++) {
    const char *at = *environment;
    if (at[0] == 'P' && at[1] == 'A' && at[2] == 'T' && at[3] == 'H' && at[4] == '=') return at + 5;
  }
  return "";
}

static int has_slash(const char *name) {
  for (; *name; name++)
    if (*name == '/') return 1;
  return 0;
}

// As the engine looks for it: the first that can be run. Into `found`, which has room.
static int find(const char *name, const char *path, char *found) {
  int reason = NOT_FOUND;
  for (;;) {
    long size = 0;
    const char *letter;
    for (; *path && *path != ':'; path++)
      if (size < LONGEST) found[size++] = *path;
    if (size > 0) {
      found[size++] = '/';
      for (letter = name; *letter && size < LONGEST; letter++) found[size++] = *letter;
      found[size] = 0;
      int why = size < LONGEST ? why_not(found) : NOT_FOUND;
      if (why == 0) return 0;
      if (why == NOT_EXECUTABLE) reason = why;
    }
    if (*path == 0) return reason;
    path++;
  }
}

// Until it is told to go on, or to end. What only tells something is no reason for either.
static void wait_to_go_on(void) {
  const set all = ~0UL;
  for (;;) {
    long signal = call(SIGWAIT, (long)&all, 0, 0, sizeof all);
    if (signal == SIGCONT) return;
    if (signal > 0 && signal != SIGCHLD && signal != SIGURG) end(128 + signal);
  }
}

// In the words that the engine has for it.
static void complain(const char *program, long error) {
  const char *reason = error == -8   ? ": exec format error\n"
                       : error == -2 ? ": no such file or directory\n"
                                     : ": permission denied\n";
  const char *const words[] = {"exec ", program, reason};
  for (int at = 0; at < 3; at++) {
    long size = 0;
    while (words[at][size]) size++;
    call(WRITE, 2, (long)words[at], size, 0);
  }
}

__attribute__((used)) void begin(long *stack) {
  const set all = ~0UL;
  set before;
  char found[LONGEST + 2];
  call(SIGMASK, SET_MASK, (long)&all, (long)&before, sizeof all);
  char **arguments = (char **)stack + 1;
  char **environment = (char **)stack + stack[0] + 2;
  const char *program = ENGINES_INIT;
  // The engine's own init, where it is asked for, begins as it would have.
  if (why_not(program) != 0) {
    if (stack[0] < 3) end(NOT_FOUND);
    arguments += 2;
    program = arguments[0];
    int reason = has_slash(program) ? why_not(program) : find(program, search_path(environment), found);
    if (reason != 0) end(reason);
    if (!has_slash(program)) program = found;
  }
  wait_to_go_on();
  call(SIGMASK, SET_MASK, (long)&before, 0, sizeof before);
  complain(program, call(EXECVE, (long)program, (long)arguments, (long)environment, 0));
  end(NOT_EXECUTABLE);
}
