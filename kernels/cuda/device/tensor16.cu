#include "tensor.cuh"

TENSOR(16, 4, 3)
