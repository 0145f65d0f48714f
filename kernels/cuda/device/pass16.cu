#include "pass.cuh"

PASS(16, 4)
