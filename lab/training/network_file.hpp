#pragma once
#include <string>

#include "models/architectures/network_description.hpp"

namespace nelbo {

/// Networks as TOML: a list of layers each, of the types and keys of layer_types.hpp, `name` (the file)
/// for messages:
///
///   [[encoder]]
///   type = "dense"
///   width = 500
///   activation = "tanh"
///
///   [[decoder]]
///   ...
///
/// Either list may be missing: its head or output alone then is the network. Throws Error naming the
/// file and the line, and the layer and the key, with the nearest name of an unknown one; for texts of
/// more than 2^20 bytes and for more than 1,000 layers.
NetworkDescription read_network(const std::string& text, const std::string& name);

/// The text of a file that describes networks. Throws Error where it cannot be read, or is no such file.
std::string network_text(const std::string& file);

}  // namespace nelbo
