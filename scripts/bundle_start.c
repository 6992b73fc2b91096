/* Starts the wattlas of a bundle with the loader and the libraries beside it. Linked statically, so
 * it runs where there is neither a shell nor a C library. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static int fail(const char *what) {
  fprintf(stderr, "wattlas: %s: %s\n", what, strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  /* The kernel says how this program was called; /proc may not be there. */
  const char *called = (const char *)getauxval(AT_EXECFN);
  static char self[PATH_MAX], root[PATH_MAX], loader[PATH_MAX + 16], libraries[PATH_MAX + 16],
      program[PATH_MAX + 32];
  if (called == NULL || realpath(called, self) == NULL) return fail("cannot find its own place");
  strcpy(root, self);
  for (int up = 0; up < 2; ++up) *strrchr(root, '/') = '\0';
  sprintf(loader, "%s/lib/loader", root);
  sprintf(libraries, "%s/lib", root);
  sprintf(program, "%s/libexec/wattlas", root);
  /* Workers and scripts are started through this program, too. */
  if (setenv("WATTLAS_EXECUTABLE", self, 1) != 0) return fail("cannot set a variable");
  unsetenv("LD_LIBRARY_PATH");
  unsetenv("LD_PRELOAD");

  char **words = calloc((size_t)argc + 5, sizeof *words);
  if (words == NULL) return fail("no memory");
  int n = 0;
  words[n++] = loader;
  words[n++] = "--inhibit-cache";
  words[n++] = "--library-path";
  words[n++] = libraries;
  words[n++] = program;
  for (int i = 1; i < argc; ++i) words[n++] = argv[i];
  execv(loader, words);
  return fail(loader);
}
