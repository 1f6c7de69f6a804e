#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"

namespace {
std::atomic<std::size_t> calls{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  calls.fetch_add(1, std::memory_order_relaxed);
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(bytes)
                : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t n) { return counted(n, 1); }
void* operator new[](std::size_t n) { return counted(n, 1); }
void* operator new(std::size_t n, std::align_val_t a) { return counted(n, std::size_t(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return counted(n, std::size_t(a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

std::size_t nelbo::tests::allocations() { return calls.load(); }

TEST_CASE("allocations: the counter counts") {
  const std::size_t before = nelbo::tests::allocations();
  delete new int(3);
  // The compiler may leave out a new/delete pair; a call through a pointer it may not.
  void* (*volatile allocate)(std::size_t) = [](std::size_t n) { return ::operator new(n); };
  ::operator delete(allocate(100));
  CHECK(nelbo::tests::allocations() > before);
}
