package emulator_test

import (
	"fmt"
	"unsafe"

	"segovia/kernels/cuda/driver"
	"segovia/kernels/cuda/internal/emulator"
)

// A kernel whose last thread reads beyond its data.
func Example() {
	const ptx = `.version 8.0
.target sm_80
.address_size 64
.visible .entry shift(.param .u64 x) {
	.reg .b32 %r<3>;
	.reg .b64 %rd<3>;
	ld.param.u64 %rd1, [x];
	mov.u32 %r1, %tid.x;
	mad.wide.u32 %rd2, %r1, 4, %rd1;
	ld.global.u32 %r2, [%rd2+4];
	st.global.u32 [%rd2], %r2;
	ret;
}`
	d := emulator.New(emulator.Options{})
	m, _ := d.LoadModule(ptx)
	f, _ := d.Function(m, "shift")
	p, _ := d.Alloc(4 * 32)
	s, _ := d.NewStream()
	host := [32]int32{}
	d.CopyToDevice(p, unsafe.Pointer(&host), 4*32, s)
	one := driver.Dim{X: 1, Y: 1, Z: 1}
	err := d.Launch(f, one, driver.Dim{X: 32, Y: 1, Z: 1}, 0, s, []unsafe.Pointer{unsafe.Pointer(&p)})
	fmt.Println(err)
	d.Synchronize(s)
	fmt.Println(d.Fault())
	fmt.Println(d.Leaks())
	// Output:
	// <nil>
	// kernel shift, block (0,0,0), thread (31,0,0), ptx line 10: ld.global.u32 %r2, [%rd2+4];: 4 bytes at 0x7a0000000080 are outside of every allocation: 128 bytes after the start of the allocation at 0x7a0000000000, which has 128 bytes
	// [device memory of 128 bytes at 0x7a0000000000 stream 0x1030 module 0x1010]
}
