#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"

namespace {
std::atomic<std::size_t> calls{0};

void* counted_or_null(std::size_t bytes, std::size_t alignment) noexcept {
  calls.fetch_add(1, std::memory_order_relaxed);
  return alignment <= alignof(std::max_align_t)
             ? std::malloc(bytes)
             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* counted(std::size_t bytes, std::size_t alignment) {
  void* p = counted_or_null(bytes, alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

// All of them: what is left out would come from elsewhere (the address sanitizer has its own), and
// its memory must not come to the std::free below.
using Align = std::align_val_t;
void* operator new(std::size_t n) { return counted(n, 1); }
void* operator new[](std::size_t n) { return counted(n, 1); }
void* operator new(std::size_t n, Align a) { return counted(n, std::size_t(a)); }
void* operator new[](std::size_t n, Align a) { return counted(n, std::size_t(a)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return counted_or_null(n, 1); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return counted_or_null(n, 1);
}
void* operator new(std::size_t n, Align a, const std::nothrow_t&) noexcept {
  return counted_or_null(n, std::size_t(a));
}
void* operator new[](std::size_t n, Align a, const std::nothrow_t&) noexcept {
  return counted_or_null(n, std::size_t(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, Align) noexcept { std::free(p); }
void operator delete[](void* p, Align) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, Align) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, Align) noexcept { std::free(p); }
void operator delete(void* p, Align, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, Align, const std::nothrow_t&) noexcept { std::free(p); }

std::size_t nelbo::tests::allocations() { return calls.load(); }

TEST_CASE("allocations: the counter counts") {
  const std::size_t before = nelbo::tests::allocations();
  // The compiler may leave out a new/delete pair that it sees; a call through this pointer it may
  // not.
  void* (*volatile allocate)(std::size_t) = [](std::size_t n) { return ::operator new(n); };
  ::operator delete(allocate(100));
  CHECK(nelbo::tests::allocations() > before);
}
