#include "pass.cuh"

PASS(24, 3)
