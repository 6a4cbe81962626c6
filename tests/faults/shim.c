/* Counts the calls of a process that change the disk, and strikes at one of them.

   Loaded before the C library (LD_PRELOAD), so that it sees the writes of compiled libraries such
   as HDF5 as well as Python's own. Counts nothing until `shim_arm`. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* KILL dies before the call; HALF does half of a write, or the whole of another call, and dies;
   ONCE lets one call fail; FULL is a disk without room from then on, where a first write still gets
   half of its bytes in; GONE lets every call fail from then on. */
enum action { NONE, KILL, HALF, ONCE, FULL, GONE };
enum verdict { LET, FAIL, PART };

static volatile enum action action = NONE;
static volatile long target = 0, count = 0;
static volatile int error_number = 0, armed = 0, struck = 0;

void shim_arm(int chosen, long at, int number) {
    action = (enum action)chosen;
    target = at;
    error_number = number;
    count = struck = 0;
    armed = 1;
}

/* Stops counting; gives the number of calls there were. */
long shim_disarm(void) {
    armed = 0;
    return count;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static enum verdict fail(void) {
    errno = error_number;
    return FAIL;
}

/* What is to happen to the call now made; `grows` says that it needs room on the disk. */
static enum verdict judge(int grows) {
    if (!armed || ++count < target) return LET;
    int now = count == target;
    switch (action) {
    case KILL: if (now) die(); return LET;
    case HALF: return now ? PART : LET;
    case ONCE: return now ? fail() : LET;
    case FULL:
        if (!grows) return LET;
        if (struck) return fail();
        struck = 1;
        return PART;
    case GONE: return fail();
    default: return LET;
    }
}

/* Calls without halves are done whole by HALF, and fail on a FULL disk. */
static enum verdict judge_whole(int grows) {
    enum verdict chosen = judge(grows);
    return chosen == PART && action == FULL ? fail() : chosen;
}

static void after(enum verdict chosen) {
    if (chosen == PART && action == HALF) die();
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

/* Writes: half of the bytes go in where that is the verdict. */
#define WRITE(name, types, pass, declare)                                        \
    ssize_t name(int fd, const void *data, size_t size declare) {                \
        enum verdict chosen = size < 2 ? judge_whole(1) : judge(1);              \
        if (chosen == FAIL) return -1;                                           \
        if (chosen == PART) size /= 2;                                           \
        ssize_t done = REAL(ssize_t, name, int, const void *, size_t types)      \
            (fd, data, size pass);                                               \
        after(chosen);                                                           \
        return done;                                                             \
    }
#define OFFSET_TYPE , off_t
#define OFFSET_PASS , offset
#define OFFSET_DECLARE , off_t offset
WRITE(write, , , )
WRITE(pwrite, OFFSET_TYPE, OFFSET_PASS, OFFSET_DECLARE)
WRITE(pwrite64, OFFSET_TYPE, OFFSET_PASS, OFFSET_DECLARE)

/* Gathered writes: what is more than the first piece counts as the other half. */
ssize_t writev(int fd, const struct iovec *pieces, int number) {
    enum verdict chosen = judge(1);
    if (chosen == FAIL) return -1;
    if (chosen == PART && number > 1) number = 1;
    ssize_t done = REAL(ssize_t, writev, int, const struct iovec *, int)(fd, pieces, number);
    after(chosen);
    return done;
}

#define CALL(name, grows, declare, types, pass)                                  \
    int name declare {                                                           \
        enum verdict chosen = judge_whole(grows);                                \
        if (chosen == FAIL) return -1;                                           \
        int done = ((int (*) types)dlsym(RTLD_NEXT, #name)) pass;                \
        after(chosen);                                                           \
        return done;                                                             \
    }
CALL(ftruncate, 1, (int fd, off_t size), (int, off_t), (fd, size))
CALL(ftruncate64, 1, (int fd, off_t size), (int, off_t), (fd, size))
CALL(fallocate, 1, (int fd, int mode, off_t at, off_t size), (int, int, off_t, off_t), (fd, mode, at, size))
CALL(fsync, 1, (int fd), (int), (fd))
CALL(fdatasync, 1, (int fd), (int), (fd))
CALL(rename, 0, (const char *a, const char *b), (const char *, const char *), (a, b))
CALL(renameat, 0, (int c, const char *a, int d, const char *b), (int, const char *, int, const char *), (c, a, d, b))
CALL(renameat2, 0, (int c, const char *a, int d, const char *b, unsigned f),
     (int, const char *, int, const char *, unsigned), (c, a, d, b, f))
CALL(unlink, 0, (const char *a), (const char *), (a))
CALL(unlinkat, 0, (int d, const char *a, int f), (int, const char *, int), (d, a, f))
CALL(rmdir, 0, (const char *a), (const char *), (a))
CALL(link, 1, (const char *a, const char *b), (const char *, const char *), (a, b))
CALL(linkat, 1, (int c, const char *a, int d, const char *b, int f),
     (int, const char *, int, const char *, int), (c, a, d, b, f))
CALL(symlink, 1, (const char *a, const char *b), (const char *, const char *), (a, b))
CALL(mkdir, 1, (const char *a, mode_t m), (const char *, mode_t), (a, m))
CALL(mkdirat, 1, (int d, const char *a, mode_t m), (int, const char *, mode_t), (d, a, m))
CALL(chmod, 0, (const char *a, mode_t m), (const char *, mode_t), (a, m))
CALL(fchmod, 0, (int fd, mode_t m), (int, mode_t), (fd, m))
CALL(fchmodat, 0, (int d, const char *a, mode_t m, int f), (int, const char *, mode_t, int), (d, a, m, f))

/* A descriptor is gone after `close` whatever it says, as on Linux. */
int close(int fd) {
    enum verdict chosen = judge(0);
    int done = REAL(int, close, int)(fd);
    if (chosen == FAIL) {
        errno = error_number;
        return -1;
    }
    after(chosen);
    return done;
}

/* Opening counts where it may make or change a file. */
static int makes(int flags) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static int changes(int flags) {
    return makes(flags) || (flags & (O_WRONLY | O_RDWR | O_TRUNC));
}

#define OPEN(name, declare, types, pass)                                         \
    int name declare {                                                           \
        va_list rest;                                                            \
        va_start(rest, flags);                                                   \
        mode_t mode = makes(flags) ? va_arg(rest, mode_t) : 0;                   \
        va_end(rest);                                                            \
        enum verdict chosen = changes(flags) ? judge_whole(1) : LET;             \
        if (chosen == FAIL) return -1;                                           \
        int done = ((int (*) types)dlsym(RTLD_NEXT, #name)) pass;                \
        after(chosen);                                                           \
        return done;                                                             \
    }
OPEN(open, (const char *path, int flags, ...), (const char *, int, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (const char *, int, ...), (path, flags, mode))
OPEN(openat, (int d, const char *path, int flags, ...), (int, const char *, int, ...), (d, path, flags, mode))
OPEN(openat64, (int d, const char *path, int flags, ...), (int, const char *, int, ...), (d, path, flags, mode))
