package kernels

import "errors"

// ErrUnavailable is wrapped by the error of a path that cannot run on this machine; the error says why.
var ErrUnavailable = errors.New("not available")
