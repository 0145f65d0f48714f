// A stand-in for the driver library: the functions that package driver calls, with the prototypes of the driver API's
// documentation, over ordinary memory. It checks what it is handed, and it is as asynchronous as the documentation lets a
// driver be: nothing that names a stream happens before somebody waits for it.

#include "machine.h"

EXPORT CUresult cuInit(unsigned int flags) {
	ENTER;
	CHECK(flags == 0, INVALID_VALUE);
	CHECK(device_count > 0, NO_DEVICE);
	initialised = 1;
	FAIL(OK);
}

EXPORT CUresult cuDriverGetVersion(int *version) {
	ENTER;
	*version = 12040;
	FAIL(OK);
}

static CUresult describe(CUresult code, const char **text, int name) {
	for (size_t i = 0; i < sizeof results / sizeof *results; i++)
		if ((CUresult)results[i].code == code) {
			*text = name ? results[i].name : results[i].text;
			FAIL(OK);
		}
	*text = NULL;
	FAIL(INVALID_VALUE);
}

EXPORT CUresult cuGetErrorName(CUresult code, const char **text) { return describe(code, text, 1); }
EXPORT CUresult cuGetErrorString(CUresult code, const char **text) { return describe(code, text, 0); }

EXPORT CUresult cuDeviceGetCount(int *count) {
	INITIALISED;
	*count = device_count;
	FAIL(OK);
}

EXPORT CUresult cuDeviceGet(CUdevice *d, int ordinal) {
	INITIALISED;
	CHECK(ordinal >= 0 && ordinal < device_count, INVALID_DEVICE);
	*d = ordinal + 40; // a handle is no ordinal
	FAIL(OK);
}

#define DEVICE(d) CHECK((d) >= 40 && (d) < 40 + device_count, INVALID_DEVICE)

EXPORT CUresult cuDeviceGetName(char *name, int length, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	snprintf(name, (size_t)length, "%s", devices[d - 40].name);
	FAIL(OK);
}

EXPORT CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	*bytes = devices[d - 40].memory;
	FAIL(OK);
}

EXPORT CUresult cuDeviceGetPCIBusId(char *id, int length, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	snprintf(id, (size_t)length, "0000:%02x:00.0", d);
	FAIL(OK);
}

EXPORT CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	for (int i = 0; i < 16; i++) uuid->bytes[i] = (char)(i * 16 + d - 40);
	FAIL(OK);
}

EXPORT CUresult cuDeviceGetAttribute(int *v, CUdevice_attribute a, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	switch ((int)a) {
	case 16: *v = 132; FAIL(OK);
	case 20: *v = devices[d - 40].mode; FAIL(OK);
	case 75: *v = devices[d - 40].major; FAIL(OK);
	case 76: *v = devices[d - 40].minor; FAIL(OK);
	case 97: *v = 232448; FAIL(OK);
	}
	FAIL(INVALID_VALUE);
}

EXPORT CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice d, unsigned int flags) {
	INITIALISED;
	DEVICE(d);
	CHECK(flags < 8, INVALID_VALUE);
	CHECK(!primary[d - 40].retained, 708); // as drivers before CUDA 11 do
	primary[d - 40].flags = flags;
	FAIL(OK);
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext *c, CUdevice d) {
	INITIALISED;
	DEVICE(d);
	*c = &primary[d - 40];
	(*c)->device = d - 40;
	if ((*c)->retained++ == 0) live++;
	FAIL(OK);
}

EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice d) {
	INITIALISED;
	DEVICE(d);
	CHECK(primary[d - 40].retained > 0, INVALID_CONTEXT);
	if (--primary[d - 40].retained == 0) live--;
	FAIL(OK);
}

EXPORT CUresult cuCtxSetCurrent(CUcontext c) {
	INITIALISED;
	current = c;
	FAIL(OK);
}

EXPORT CUresult cuMemGetInfo_v2(size_t *rest, size_t *total) {
	CONTEXT;
	*total = devices[current->device].memory;
	*rest = *total - current->used;
	FAIL(OK);
}

static int allocate(uint64_t bytes, int pinned, uint64_t *at) {
	if (bytes == 0) return INVALID_VALUE;
	if (!pinned && bytes > devices[current->device].memory - current->used) return OUT_OF_MEMORY;
	int i = 0;
	while (i < block_count && blocks[i].bytes) i++;
	if (i == BLOCKS) return OUT_OF_MEMORY;
	if (i == block_count) block_count++;
	char *p = malloc(bytes);
	memset(p, 0xA5, bytes);
	*at = (uint64_t)p + (pinned ? 0 : moved);
	blocks[i].at = *at, blocks[i].bytes = bytes, blocks[i].context = current, blocks[i].pinned = pinned;
	if (!pinned) current->used += bytes;
	live++;
	return OK;
}

static int release(uint64_t at, int pinned) {
	int i = block(at, 1);
	if (i < 0 || blocks[i].at != at || blocks[i].pinned != pinned || blocks[i].context != current) return INVALID_VALUE;
	free((void *)(at - (pinned ? 0 : moved)));
	if (!pinned) current->used -= blocks[i].bytes;
	blocks[i].at = blocks[i].bytes = 0;
	live--;
	return OK;
}

EXPORT CUresult cuMemAlloc_v2(CUdeviceptr *p, size_t bytes) {
	CONTEXT;
	uint64_t at;
	int code = allocate(bytes, 0, &at);
	if (code == OK) *p = at;
	FAIL(code);
}

EXPORT CUresult cuMemFree_v2(CUdeviceptr p) {
	CONTEXT;
	FAIL(release(p, 0));
}

EXPORT CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned int flags) {
	CONTEXT;
	CHECK(flags < 8, INVALID_VALUE);
	uint64_t at;
	int code = allocate(bytes, 1, &at);
	if (code == OK) *p = (void *)at;
	FAIL(code);
}

EXPORT CUresult cuMemFreeHost(void *p) {
	CONTEXT;
	FAIL(release((uint64_t)p, 1));
}

EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t bytes, CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(device(dst, bytes) && src, INVALID_VALUE);
	return submit(s, (op){.kind = COPY_IN, .dst = dst, .src = (uint64_t)src, .bytes = bytes});
}

EXPORT CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t bytes, CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(device(src, bytes) && dst, INVALID_VALUE);
	return submit(s, (op){.kind = COPY_OUT, .dst = (uint64_t)dst, .src = src, .bytes = bytes});
}

EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(device(dst, bytes) && device(src, bytes), INVALID_VALUE);
	return submit(s, (op){.kind = COPY_ON, .dst = dst, .src = src, .bytes = bytes});
}

EXPORT CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char v, size_t bytes, CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(device(dst, bytes), INVALID_VALUE);
	return submit(s, (op){.kind = FILL, .dst = dst, .src = v, .bytes = bytes});
}

// cuModuleLoadDataEx takes text whose lines say ".entry NAME" of kernels above, and uses as much stack as a compiler may.
EXPORT CUresult cuModuleLoadDataEx(CUmodule *m, const void *image, unsigned int count, CUjit_option *options, void **values) {
	CONTEXT;
	volatile char stack[1 << 20];
	for (size_t i = 0; i < sizeof stack; i += 512) stack[i] = (char)i;
	char *info = NULL, *fault = NULL;
	size_t info_size = 0, fault_size = 0;
	for (unsigned i = 0; i < count; i++) switch ((int)options[i]) {
		case 3: info = values[i]; break;
		case 4: info_size = (unsigned)(uintptr_t)values[i]; break;
		case 5: fault = values[i]; break;
		case 6: fault_size = (unsigned)(uintptr_t)values[i]; break;
		default: FAIL(INVALID_VALUE);
	}
	CHECK(info && fault && info_size >= 1024 && fault_size >= 1024, INVALID_VALUE);
	if (strstr(image, ".version 99")) {
		snprintf(fault, fault_size, "Unsupported .version 99.0; current version is '8.4'\n");
		FAIL(UNSUPPORTED_PTX_VERSION);
	}
	CUmodule new = calloc(1, sizeof *new);
	int n = 0;
	for (const char *at = image; (at = strstr(at, ".entry ")) && n < 8; n++) {
		char name[32] = "";
		sscanf(at += 7, "%31[a-z]", name);
		for (int k = 0; k < KERNELS; k++)
			if (!strcmp(kernels[k].name, name)) new->functions[n] = (struct CUfunc_st){FUNCTION, current, &kernels[k], 48 << 10};
		if (!new->functions[n].kernel) {
			snprintf(fault, fault_size, "line 3; error: unknown kernel '%s'\n", name);
			snprintf(info, info_size, "%d kernels before it\n", n);
			values[3] = (void *)strlen(fault), values[1] = (void *)strlen(info);
			free(new);
			FAIL(INVALID_PTX);
		}
	}
	new->magic = MODULE, new->context = current;
	*m = new;
	live++;
	FAIL(OK);
}

EXPORT CUresult cuModuleUnload(CUmodule m) {
	CONTEXT;
	HANDLE(m, MODULE);
	memset(m, 0, sizeof *m); // kept, so that late use is seen
	live--;
	FAIL(OK);
}

EXPORT CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
	CONTEXT;
	HANDLE(m, MODULE);
	for (int i = 0; i < 8 && m->functions[i].kernel; i++)
		if (!strcmp(m->functions[i].kernel->name, name)) {
			*f = &m->functions[i];
			FAIL(OK);
		}
	FAIL(NOT_FOUND);
}

EXPORT CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) {
	CONTEXT;
	HANDLE(f, FUNCTION);
	CHECK((int)a == 8 && v >= 0 && v <= 232448, INVALID_VALUE);
	f->shared = v;
	FAIL(OK);
}

EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, CUfunction f, int threads, size_t shared) {
	CONTEXT;
	HANDLE(f, FUNCTION);
	CHECK(threads > 0 && threads <= 1024, INVALID_VALUE);
	int by_shared = 233472 / (int)(shared + 1024);
	*n = 2048 / threads < by_shared ? 2048 / threads : by_shared;
	FAIL(OK);
}

EXPORT CUresult cuLaunchKernel(CUfunction f, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
	unsigned int bz, unsigned int shared, CUstream s, void **params, void **extra) {
	CONTEXT;
	HANDLE(f, FUNCTION);
	HANDLE(s, STREAM);
	CHECK(!extra && gx && gy && gz && gx < 1u << 31 && gy < 1 << 16 && gz < 1 << 16, INVALID_VALUE);
	CHECK(bx && by && bz && bx <= 1024 && by <= 1024 && bz <= 64 && bx * by * bz <= 1024 && shared <= (unsigned)f->shared, INVALID_VALUE);
	op o = {.kind = LAUNCH, .f = f, .grid = {gx, gy, gz}, .block = {bx, by, bz}, .shared = shared};
	for (int i = 0; f->kernel->parameters[i]; i++) {
		CHECK(params && params[i], INVALID_VALUE);
		memcpy(&o.args[i], params[i], strchr("Qd", f->kernel->parameters[i]) ? 8 : 4);
	}
	if (f->kernel->run == nothing && !s->capturing) FAIL(OK); // so that the queue of a benchmark stays empty
	return submit(s, o);
}

EXPORT CUresult cuStreamCreate(CUstream *s, unsigned int flags) {
	CONTEXT;
	CHECK(flags < 2, INVALID_VALUE);
	*s = calloc(1, sizeof **s);
	(*s)->magic = STREAM, (*s)->context = current, (*s)->flags = flags;
	live++;
	FAIL(OK);
}

EXPORT CUresult cuStreamDestroy_v2(CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	s->magic = 0;
	live--;
	FAIL(OK);
}

EXPORT CUresult cuStreamSynchronize(CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	if (s->capturing) {
		s->invalidated = 1;
		FAIL(STREAM_CAPTURE_UNSUPPORTED);
	}
	FAIL(drain(s, NULL));
}

EXPORT CUresult cuStreamWaitEvent(CUstream s, CUevent e, unsigned int flags) {
	CONTEXT;
	HANDLE(s, STREAM);
	HANDLE(e, EVENT);
	CHECK(flags == 0, INVALID_VALUE);
	return submit(s, (op){.kind = WAIT, .event = e});
}

EXPORT CUresult cuStreamIsCapturing(CUstream s, CUstreamCaptureStatus *status) {
	CONTEXT;
	HANDLE(s, STREAM);
	*status = (CUstreamCaptureStatus)(s->invalidated ? 2 : s->capturing);
	FAIL(OK);
}

// A capture that is not relaxed could not be ended on another thread; whoever begins one here has no thread of its own.
EXPORT CUresult cuStreamBeginCapture_v2(CUstream s, CUstreamCaptureMode mode) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK((int)mode == 2 && !s->capturing, INVALID_VALUE);
	s->capturing = 1;
	FAIL(OK);
}

EXPORT CUresult cuStreamEndCapture(CUstream s, CUgraph *g) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(s->capturing, INVALID_VALUE);
	int invalidated = s->invalidated;
	s->capturing = s->invalidated = 0;
	*g = NULL;
	if (!invalidated) {
		*g = calloc(1, sizeof **g);
		(*g)->magic = GRAPH, (*g)->ops = s->recorded;
		live++;
	}
	memset(&s->recorded, 0, sizeof s->recorded);
	FAIL(invalidated ? STREAM_CAPTURE_INVALIDATED : OK);
}

static CUresult instantiate(CUgraphExec *x, CUgraph g) {
	CHECK(g && g->magic == GRAPH, INVALID_VALUE);
	*x = calloc(1, sizeof **x);
	(*x)->magic = EXEC;
	for (int i = 0; i < g->ops.count; i++) push(&(*x)->ops, g->ops.ops[i]);
	live++;
	FAIL(OK);
}

EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec *x, CUgraph g, unsigned long long flags) {
	CONTEXT;
	CHECK(flags == 0, INVALID_VALUE);
	return instantiate(x, g);
}

EXPORT CUresult cuGraphInstantiate_v2(CUgraphExec *x, CUgraph g, CUgraphNode *node, char *log, size_t size) {
	CONTEXT;
	CHECK(!node && !log && !size, INVALID_VALUE);
	return instantiate(x, g);
}

EXPORT CUresult cuGraphLaunch(CUgraphExec x, CUstream s) {
	CONTEXT;
	HANDLE(s, STREAM);
	CHECK(x && x->magic == EXEC, INVALID_HANDLE);
	for (int i = 0; i < x->ops.count; i++) submit(s, x->ops.ops[i]);
	FAIL(OK);
}

EXPORT CUresult cuGraphExecDestroy(CUgraphExec x) {
	CONTEXT;
	CHECK(x && x->magic == EXEC, INVALID_HANDLE);
	x->magic = 0;
	live--;
	FAIL(OK);
}

EXPORT CUresult cuGraphDestroy(CUgraph g) {
	CONTEXT;
	CHECK(g && g->magic == GRAPH, INVALID_HANDLE);
	g->magic = 0;
	live--;
	FAIL(OK);
}

EXPORT CUresult cuEventCreate(CUevent *e, unsigned int flags) {
	CONTEXT;
	CHECK(flags < 2, INVALID_VALUE); // 2 would be without times
	*e = calloc(1, sizeof **e);
	(*e)->magic = EVENT, (*e)->context = current, (*e)->flags = flags;
	live++;
	FAIL(OK);
}

EXPORT CUresult cuEventDestroy_v2(CUevent e) {
	CONTEXT;
	HANDLE(e, EVENT);
	e->magic = 0;
	live--;
	FAIL(OK);
}

EXPORT CUresult cuEventRecord(CUevent e, CUstream s) {
	CONTEXT;
	HANDLE(e, EVENT);
	HANDLE(s, STREAM);
	e->stream = s, e->recorded = 1, e->passed = 0;
	return submit(s, (op){.kind = RECORD, .event = e});
}

EXPORT CUresult cuEventSynchronize(CUevent e) {
	CONTEXT;
	HANDLE(e, EVENT);
	FAIL(e->recorded && !e->passed ? drain(e->stream, e) : OK);
}

EXPORT CUresult cuEventElapsedTime(float *ms, CUevent from, CUevent to) {
	CONTEXT;
	HANDLE(from, EVENT);
	HANDLE(to, EVENT);
	CHECK(from->recorded && to->recorded, INVALID_HANDLE);
	CHECK(from->passed && to->passed, NOT_READY);
	*ms = (float)(int64_t)(to->time - from->time) / 2;
	FAIL(OK);
}

// What the test tells and asks.

// stub_fail makes the function of that name return code from now on; "" ends all such orders.
EXPORT void stub_fail(const char *name, int code) {
	pthread_mutex_lock(&lock);
	int i = 0;
	while (name[0] && i < 7 && failing[i].name[0]) i++;
	if (!name[0]) memset(failing, 0, sizeof failing);
	snprintf(failing[i].name, sizeof failing[i].name, "%s", name);
	failing[i].code = code;
	pthread_mutex_unlock(&lock);
}

EXPORT void stub_devices(int n) { device_count = n; }
EXPORT void stub_device(int i, int major, int minor, int mode) { devices[i].major = major, devices[i].minor = minor, devices[i].mode = mode; }
// stub_live is the number of contexts, blocks and handles that were made and not released.
EXPORT int stub_live(void) { return live; }
EXPORT unsigned stub_context_flags(int i) { return primary[i].flags; }
EXPORT unsigned stub_stream_flags(CUstream s) { return s->flags; }
EXPORT unsigned stub_event_flags(CUevent e) { return e->flags; }

static void *raise_here(void *signal) {
	pthread_kill(pthread_self(), (int)(intptr_t)signal);
	return NULL;
}

// stub_signal has a thread of the library, which Go knows nothing of, receive a signal.
EXPORT void stub_signal(int signal) {
	pthread_t t;
	pthread_create(&t, NULL, raise_here, (void *)(intptr_t)signal);
	pthread_join(t, NULL);
}
