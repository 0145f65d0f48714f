package emulator

import "strings"

// specialRow returns the row of a special register that does not change while a block runs.
func (b *builder) specialRow(name string) (int32, bool) {
	if !strings.HasPrefix(name, "%") {
		return 0, false
	}
	switch name {
	case "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z",
		"%laneid", "%warpid", "%nwarpid", "%smid", "%nsmid", "%gridid", "%lanemask_eq", "%lanemask_le", "%lanemask_lt", "%lanemask_ge", "%lanemask_gt",
		"%dynamic_smem_size", "%total_smem_size":
	case "WARP_SZ":
		return b.constant(warpSize), true
	default:
		return 0, false
	}
	row, ok := b.special[name]
	if !ok {
		row = b.newRow(0)
		b.special[name] = row
		b.k.specials = append(b.k.specials, special{row, name})
	}
	return row, true
}

// fill sets the special registers of a warp at the start of its block.
func (w *warp) fill() {
	b := w.block
	l := b.launch
	for _, s := range l.kernel.specials {
		r := &w.rows[s.row]
		for i := range r {
			t := w.thread(i)
			var v uint32
			switch s.name {
			case "%tid.x":
				v = t[0]
			case "%tid.y":
				v = t[1]
			case "%tid.z":
				v = t[2]
			case "%ntid.x":
				v = l.block.X
			case "%ntid.y":
				v = l.block.Y
			case "%ntid.z":
				v = l.block.Z
			case "%ctaid.x":
				v = b.at[0]
			case "%ctaid.y":
				v = b.at[1]
			case "%ctaid.z":
				v = b.at[2]
			case "%nctaid.x":
				v = l.grid.X
			case "%nctaid.y":
				v = l.grid.Y
			case "%nctaid.z":
				v = l.grid.Z
			case "%laneid":
				v = uint32(i)
			case "%warpid":
				v = uint32(w.id)
			case "%nwarpid":
				v = uint32(len(b.warps))
			case "%smid":
				v = uint32(b.index % uint64(l.device.options.Multiprocessors))
			case "%nsmid":
				v = uint32(l.device.options.Multiprocessors)
			case "%gridid":
				v = l.number
			case "%lanemask_eq":
				v = 1 << i
			case "%lanemask_le":
				v = 2<<i - 1
			case "%lanemask_lt":
				v = 1<<i - 1
			case "%lanemask_ge":
				v = ^uint32(1<<i - 1)
			case "%lanemask_gt":
				v = ^uint32(2<<i - 1)
			case "%dynamic_smem_size":
				v = uint32(l.dynamic)
			case "%total_smem_size":
				v = uint32(len(b.shared))
			}
			r[i] = uint64(v)
		}
	}
}

// clock returns how to read a register that runs: one tick an instruction of a warp.
func (b *builder) clock(name string) func(w *warp) uint64 {
	switch name {
	case "%clock", "%clock64", "%globaltimer", "%globaltimer_lo":
		return func(w *warp) uint64 { return uint64(w.block.launch.device.clock + w.block.launch.steps) }
	case "%clock_hi", "%globaltimer_hi":
		return func(w *warp) uint64 { return uint64(w.block.launch.device.clock+w.block.launch.steps) >> 32 }
	}
	return nil
}
