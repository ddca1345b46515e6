// Emulates Electron's memory cage for a test: preloaded, it stands between an addon that looks up Node-API's functions
// and Node, and refuses external buffers as Electron's Node-API does (status 22, napi_no_external_buffers_allowed).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static int refuse(void) {
  fputs("memory-cage: refused\n", stderr);
  return 22;
}

void *dlsym(void *handle, const char *name) {
  static void *(*real)(void *, const char *);
  static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
  for (size_t index = 0; real == NULL && index < sizeof versions / sizeof *versions; index++)
    *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", versions[index]);
  if (strncmp(name, "napi_create_external_", 21) == 0 || strcmp(name, "node_api_create_buffer_from_arraybuffer") == 0) {
    fprintf(stderr, "memory-cage: holds %s\n", name);
    return (void *)refuse;
  }
  return real(handle, name);
}
