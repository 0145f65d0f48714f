#include "pass.cuh"

PASS(8, 4)
