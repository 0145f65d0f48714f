#include "pass.cuh"

PASS(32, 3)
