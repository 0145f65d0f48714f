#include "tensor.cuh"

TENSOR(8, 4, 4)
