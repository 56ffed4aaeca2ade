// Preloaded into a program, it sets that program's clock wrong by CLOCK_AHEAD_SECONDS: a machine on which nobody keeps the
// time. Clocks that only count how long something takes go on as they are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
	static int (*real)(clockid_t, struct timespec *);
	if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(clock, now);
	const char *ahead = getenv("CLOCK_AHEAD_SECONDS");
	if (result == 0 && clock == CLOCK_REALTIME && ahead) now->tv_sec += atol(ahead);
	return result;
}
