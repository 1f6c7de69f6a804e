#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "autodiff/error.hpp"
#include "lab/files/recognise.hpp"

namespace nelbo::fuzz {

/// Gives the bytes to a parser. Anything but success or an Error of one line is a finding: other
/// exceptions leave LLVMFuzzerTestOneInput and end the fuzzer.
template <class Parse>
int run(const std::uint8_t* bytes, std::size_t size, Parse parse) {
  const auto input = data::Input::from_memory("input", std::as_bytes(std::span(bytes, size)));
  try {
    (void)data::recognise(input);
  } catch (const Error&) {
  }
  try {
    parse(input);
  } catch (const Error& error) {
    if (std::string(error.what()).find('\n') != std::string::npos) std::abort();
  }
  return 0;
}

}  // namespace nelbo::fuzz
