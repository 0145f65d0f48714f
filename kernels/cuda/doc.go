// Package cuda does work on NVIDIA cards. Its kernels are written in CUDA C++, and their PTX text is committed and
// embedded, so that building Segovia needs no CUDA toolkit, and running it nothing but the driver (package driver).
package cuda
