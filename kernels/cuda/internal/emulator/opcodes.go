package emulator

// The instructions that wait for other lanes, and those that go straight on; control.go has the rest.
var syncDecoders = map[string]syncDecoder{
	"shfl": shflDecoder, "vote": voteDecoder, "match": matchDecoder, "redux": reduxDecoder, "elect": electDecoder,
	"mma": mmaDecoder, "ldmatrix": ldmatrixDecoder,
}

var decoders = map[string]decoder{
	"add": addDecoder, "sub": subDecoder, "addc": withCarry(carried), "subc": withCarry(borrowed),
	"mul": mulDecoder, "mad": madDecoder, "madc": madcDecoder, "fma": fmaDecoder,
	"div": divDecoder, "rem": divDecoder, "neg": negDecoder, "abs": absDecoder, "min": minDecoder, "max": minDecoder,
	"sad": sadDecoder, "dp4a": dotDecoder,

	"and": logicDecoder, "or": logicDecoder, "xor": logicDecoder, "not": logicDecoder, "cnot": logicDecoder,
	"shl": shiftDecoder, "shr": shiftDecoder, "shf": funnelDecoder, "bfe": bfeDecoder, "bfi": bfiDecoder,
	"popc": countDecoder, "clz": countDecoder, "brev": countDecoder, "bfind": countDecoder,
	"prmt": permuteDecoder, "lop3": lop3Decoder,

	"sqrt": rootDecoder, "rcp": rootDecoder, "rsqrt": rootDecoder,
	"ex2": approxDecoder, "lg2": approxDecoder, "sin": approxDecoder, "cos": approxDecoder, "tanh": approxDecoder,
	"copysign": copysignDecoder, "testp": testDecoder,

	"setp": setpDecoder, "set": setDecoder, "selp": selpDecoder, "slct": slctDecoder,
	"mov": movDecoder, "cvt": cvtDecoder, "cvta": cvtaDecoder, "isspacep": isspacepDecoder,

	"ld": ldDecoder, "st": stDecoder, "atom": atomDecoder, "red": atomDecoder,
	"membar": fenceDecoder, "fence": fenceDecoder, "cp": copyDecoder, "prefetch": prefetchDecoder, "prefetchu": prefetchDecoder,
	"nanosleep": nanosleepDecoder, "activemask": activemaskDecoder,
}
