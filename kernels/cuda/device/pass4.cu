#include "pass.cuh"

PASS(4, 4)
