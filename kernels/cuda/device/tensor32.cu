#include "tensor.cuh"

TENSOR(32, 2, 3)
