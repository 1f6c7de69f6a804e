#pragma once
#include <cstddef>
#include <cstdint>

namespace nelbo {

/// Element types. Values and gradients are f32 or f64; i32 holds indices (never differentiated).
enum class DType : std::uint8_t { f32, f64, i32 };

constexpr std::size_t size_of(DType dtype) { return dtype == DType::f64 ? 8 : 4; }

constexpr const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::i32:
      return "i32";
  }
  return "?";
}

template <class T>
inline constexpr DType dtype_of = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::i32;

/// Calls f with a value of the floating type that `dtype` names: dispatch(dtype, [&](auto t) {
/// using T = decltype(t); ... }). i32 never reaches an operator that computes.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  return dtype == DType::f64 ? f(double{}) : f(float{});
}

}  // namespace nelbo
