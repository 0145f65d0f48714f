#include "tensor.cuh"

TENSOR(24, 2, 4)
