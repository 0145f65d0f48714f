// The machine behind the stand-in for the driver library: devices, memory, streams of operations, and a few kernels.

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CUDA_VERSION // the types of the documentation, unless its header is there to compare with
typedef uint32_t CUresult, CUdevice_attribute, CUfunction_attribute, CUjit_option, CUstreamCaptureMode, CUstreamCaptureStatus;
typedef int32_t CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct { char bytes[16]; } CUuuid;
#endif

enum {
	OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201,
	INVALID_PTX = 218, UNSUPPORTED_PTX_VERSION = 222, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700,
	STREAM_CAPTURE_UNSUPPORTED = 900, STREAM_CAPTURE_INVALIDATED = 901,
};

static const struct { int code; const char *name, *text; } results[] = {
	{0, "CUDA_SUCCESS", "no error"},
	{1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
	{2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
	{100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
	{218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
	{700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
	{803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
	{999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

// The machine.

enum { DEVICES = 2, BLOCKS = 4096, OPS = 4096 };

struct CUctx_st { int device, retained, sticky; unsigned flags; uint64_t used, clock; };

static struct { char name[64]; int major, minor, mode; uint64_t memory; } devices[DEVICES] = {
	{"Stand-in A", 9, 0, 0, 1 << 26}, {"Stand-in B", 8, 6, 0, 1 << 26}};
static struct CUctx_st primary[DEVICES];
static int device_count = DEVICES, initialised, live;
static __thread CUcontext current;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Device addresses are host addresses moved so far that neither passes for the other.
static const uint64_t moved = 1ull << 60;
static struct { uint64_t at, bytes; CUcontext context; int pinned; } blocks[BLOCKS];
static int block_count;

enum { COPY_IN = 1, COPY_OUT, COPY_ON, FILL, LAUNCH, RECORD, WAIT };

typedef struct {
	int kind;
	uint64_t dst, src, bytes; // COPY_*, FILL
	CUfunction f;             // LAUNCH
	unsigned grid[3], block[3], shared;
	uint64_t args[8];
	CUevent event; // RECORD, WAIT
} op;

typedef struct { int count; op *ops; } queue;

enum { MODULE = 0x4d4f4455, FUNCTION, STREAM, EVENT, GRAPH, EXEC };

struct CUfunc_st { int magic; CUcontext context; const struct kernel *kernel; int shared; };
struct CUmod_st { int magic; CUcontext context; struct CUfunc_st functions[8]; };
struct CUstream_st { int magic; CUcontext context; queue queued, recorded; int capturing, invalidated; unsigned flags; };
struct CUevent_st { int magic; CUcontext context; CUstream stream; uint64_t time; int recorded, passed; unsigned flags; };
struct CUgraph_st { int magic; queue ops; };
struct CUgraphExec_st { int magic; queue ops; };

static struct { char name[64]; int code; } failing[8];

static CUresult forced(const char *name) {
	for (int i = 0; i < 8 && failing[i].name[0]; i++)
		if (!strcmp(failing[i].name, name)) return (CUresult)failing[i].code;
	return (CUresult)OK;
}

static void unlock(int *unused) { (void)unused; pthread_mutex_unlock(&lock); }

// What every function does first: one at a time, failing where it was told to, initialised, on a thread with a live context.
#define FAIL(code) return (CUresult)(code)
#define ENTER \
	__attribute__((cleanup(unlock))) int locked; pthread_mutex_lock(&lock); (void)locked; \
	if (forced(__func__)) return forced(__func__)
#define INITIALISED ENTER; if (!initialised) FAIL(NOT_INITIALIZED)
#define CONTEXT INITIALISED; \
	if (!current || !current->retained) FAIL(INVALID_CONTEXT); \
	if (current->sticky) FAIL(current->sticky)
#define CHECK(condition, code) if (!(condition)) FAIL(code)
#define HANDLE(h, kind) CHECK((h) && (h)->magic == (kind) && (h)->context == current, INVALID_HANDLE)
#define EXPORT __attribute__((visibility("default")))

static void push(queue *q, op o) {
	if (q->count % OPS == 0) q->ops = realloc(q->ops, sizeof(op) * (size_t)(q->count + OPS));
	q->ops[q->count++] = o;
}

// block returns the index of the block with all of the bytes from at, or -1.
static int block(uint64_t at, uint64_t bytes) {
	for (int i = 0; i < block_count; i++)
		if (blocks[i].at <= at && at < blocks[i].at + blocks[i].bytes && bytes <= blocks[i].at + blocks[i].bytes - at) return i;
	return -1;
}

static void *device(uint64_t at, uint64_t bytes) {
	return at >= moved && block(at, bytes) >= 0 ? (void *)(at - moved) : NULL;
}

// The kernels. A letter for each parameter says what it is: Q uint64_t, I uint32_t, i int32_t, f float, d double.

struct kernel { const char *name, *parameters; int (*run)(CUcontext, const op *); };

static float f32(uint64_t v) { float x; memcpy(&x, &v, 4); return x; }
static double f64(uint64_t v) { double x; memcpy(&x, &v, 8); return x; }

static int nothing(CUcontext c, const op *o) { (void)c, (void)o; return OK; }

static int illegal(CUcontext c, const op *o) { (void)o; return c->sticky = ILLEGAL_ADDRESS; }

// echo writes all that it was launched with as doubles.
static int echo(CUcontext c, const op *o) {
	double *out = device(o->args[0], 14 * 8);
	if (!out) return illegal(c, o);
	const double v[14] = {(double)(uint32_t)o->args[1], (double)(int32_t)(uint32_t)o->args[2], f32(o->args[3]), f64(o->args[4]),
		(double)(o->args[5] >> 32), (double)(uint32_t)o->args[5], o->grid[0], o->grid[1], o->grid[2], o->block[0], o->block[1], o->block[2],
		o->shared, c->device};
	memcpy(out, v, sizeof v);
	return OK;
}

// saxpy is y[i] += a * x[i] for i < n.
static int saxpy(CUcontext c, const op *o) {
	uint32_t n = (uint32_t)o->args[3];
	float *y = device(o->args[0], 4ull * n), *x = device(o->args[1], 4ull * n);
	if (!y || !x) return illegal(c, o);
	for (uint32_t i = 0; i < n; i++) y[i] += f32(o->args[2]) * x[i];
	return OK;
}

static const struct kernel kernels[] = {{"nothing", "", nothing}, {"illegal", "", illegal}, {"echo", "QIifdQ", echo}, {"saxpy", "QQfI", saxpy}};
enum { KERNELS = sizeof kernels / sizeof *kernels };

// drain does what waits in the stream, up to the record of until where that is not NULL. Each operation lasts half a millisecond.
static int drain(CUstream s, CUevent until) {
	int done = 0, code = OK;
	while (done < s->queued.count && code == OK) {
		op o = s->queued.ops[done++];
		void *dst = (void *)o.dst, *src = (void *)o.src;
		if (o.kind == COPY_IN || o.kind == COPY_ON || o.kind == FILL) dst = device(o.dst, o.bytes);
		if (o.kind == COPY_OUT || o.kind == COPY_ON) src = device(o.src, o.bytes);
		s->context->clock++;
		switch (o.kind) {
		case COPY_IN: case COPY_OUT: case COPY_ON:
			if (dst && src) memmove(dst, src, o.bytes); else code = illegal(s->context, &o);
			break;
		case FILL:
			if (dst) memset(dst, (int)o.src, o.bytes); else code = illegal(s->context, &o);
			break;
		case LAUNCH: code = o.f->kernel->run(s->context, &o); break;
		case RECORD: s->context->clock--; o.event->time = s->context->clock; o.event->passed = 1; break;
		case WAIT: s->context->clock--; if (o.event->stream && o.event->stream != s) code = drain(o.event->stream, o.event); break;
		}
		if (o.kind == RECORD && o.event == until) break;
	}
	if (done > 0) memmove(s->queued.ops, s->queued.ops + done, sizeof(op) * (size_t)(s->queued.count -= done));
	if (s->queued.count == 0) { free(s->queued.ops); s->queued.ops = NULL; }
	else { // push grows by whole steps
		s->queued.ops = realloc(s->queued.ops, sizeof(op) * (size_t)((s->queued.count + OPS - 1) / OPS * OPS));
	}
	return code;
}

static CUresult submit(CUstream s, op o) {
	if (s->invalidated) FAIL(STREAM_CAPTURE_INVALIDATED);
	push(s->capturing ? &s->recorded : &s->queued, o);
	FAIL(OK);
}
