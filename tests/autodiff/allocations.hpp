#pragma once
#include <cstddef>

namespace nelbo::tests {

/// Calls of operator new in this process since it started; allocations.cpp replaces the operator.
std::size_t allocations();

}  // namespace nelbo::tests
