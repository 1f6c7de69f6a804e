// operator new is replaced per executable, so this one needs the definitions too.
#include "tests/autodiff/allocations_test.cpp"
