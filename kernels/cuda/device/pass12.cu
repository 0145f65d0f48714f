#include "pass.cuh"

PASS(12, 4)
