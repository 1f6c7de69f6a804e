#include "models/architectures/layer_types.hpp"

#include <algorithm>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "models/activation_words.hpp"
#include "models/architectures/last_axes.hpp"
#include "models/layers.hpp"

namespace nelbo {
namespace {

using Description = LayerDescription;
using Place = LayerPlace;

constexpr std::int64_t most_numbers = std::int64_t{1} << 24;  // that one layer gives for a datum
constexpr std::int64_t most_width = std::int64_t{1} << 16, most_window = 1 << 10;
constexpr std::int64_t most_products = std::int64_t{1} << 32;  // of one convolution and one datum

// Keys
// ------------------------------------------------------------------------------------------------

std::int64_t whole_of(const LayerValue& value, std::int64_t least, std::int64_t most) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  if (whole != nullptr && *whole >= least && *whole <= most) return *whole;
  throw Error("must be a whole number, " + std::to_string(least) + " to " + std::to_string(most));
}

LayerKey width_key(const char* name, bool wanted = true) {
  return {name, wanted, [](Description& layer, const LayerValue& value) {
            layer.width = whole_of(value, 1, most_width);
          }};
}

LayerKey window_key(const char* name, int Window::*member, int least) {
  return {name, false, [member, least](Description& layer, const LayerValue& value) {
            layer.window.*member = int(whole_of(value, least, most_window));
          }};
}

LayerKey activation_key(bool wanted = false) {
  return {"activation", wanted, [](Description& layer, const LayerValue& value) {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) throw Error("must be a name, as in \"relu\"");
            layer.activation = parse_activation(*text);
          }};
}

LayerKey rate_key() {
  return {"rate", true, [](Description& layer, const LayerValue& value) {
            const auto* whole = std::get_if<std::int64_t>(&value);
            const auto* number = std::get_if<double>(&value);
            layer.rate = number != nullptr ? *number : whole != nullptr ? double(*whole) : -1;
            if (!(layer.rate >= 0 && layer.rate < 1)) {
              throw Error("must be a number of at least 0 and below 1");
            }
          }};
}

LayerKey shape_key() {
  return {"shape", true, [](Description& layer, const LayerValue& value) {
            const auto* dims = std::get_if<std::vector<std::int64_t>>(&value);
            const bool fits = dims != nullptr && (dims->size() == 1 || dims->size() == 3) &&
                              std::all_of(dims->begin(), dims->end(), [](std::int64_t length) {
                                return length >= 1 && length <= most_numbers;
                              });
            if (!fits) throw Error("must be [numbers] or [height, width, channels]");
            layer.shape = Shape(std::span<const std::int64_t>(*dims));
          }};
}

std::vector<LayerKey> window_keys() {
  return {width_key("channels"), window_key("kernel", &Window::kernel, 1),
          window_key("stride", &Window::stride, 1), window_key("padding", &Window::padding, 0),
          activation_key()};
}

// Shapes
// ------------------------------------------------------------------------------------------------

/// Numbers of a shape, told as too many where a product of them would run over.
std::int64_t numbers_of(const Shape& shape) {
  std::int64_t numbers = 1;
  for (const std::int64_t length : shape.dims()) {
    if (length > most_numbers / numbers) {
      throw Error("would give " + shape.text() + ", more than " + std::to_string(most_numbers) +
                  " numbers for one example");
    }
    numbers *= length;
  }
  return numbers;
}

/// The same of what a convolution with this window multiplies for one datum: `places` of it, each with
/// `from` x `to` channels.
void check_products(const Window& window, std::int64_t places, std::int64_t from, std::int64_t to) {
  const double products =
      double(window.kernel) * double(window.kernel) * double(places) * double(from) * double(to);
  if (products <= double(most_products)) return;
  throw Error("would take " + std::to_string(std::int64_t(products / 1e9)) +
              " thousand million products for one example, more than 4; take a smaller kernel, "
              "fewer channels or a larger stride");
}

void want_vector(const Shape& in) {
  if (in.rank() == 1) return;
  throw Error("takes a vector, and here is " + in.text() + "; put a flatten before it");
}

void want_image(const Shape& in) {
  if (in.rank() == 3) return;
  throw Error("takes images [height, width, channels], and here is " + in.text() +
              "; put a reshape before it");
}

Layer activation_of(Activation activation) {
  return [activation](Var x) { return activate(x, activation); };
}

// Layers
// ------------------------------------------------------------------------------------------------

BuiltLayer dense(const Description& own, const Shape& in, const Place& place) {
  want_vector(in);
  return {Linear(place.store, place.name, place.group, in[0], own.width, own.activation),
          {own.width},
          true};
}

BuiltLayer conv(const Description& own, const Shape& in, const Place& place) {
  want_image(in);
  const auto length = [&](std::int64_t from) {
    const std::int64_t room = from + 2 * own.window.padding - own.window.kernel;
    if (room < 0) {
      throw Error("its kernel " + std::to_string(own.window.kernel) + " is larger than " +
                  in.text() + " with padding " + std::to_string(own.window.padding));
    }
    return room / own.window.stride + 1;
  };
  if (own.window.padding >= own.window.kernel) {
    throw Error("its padding " + std::to_string(own.window.padding) + " is not below its kernel " +
                std::to_string(own.window.kernel) + ": some of what it gives would see no pixel");
  }
  const Shape out{length(in[0]), length(in[1]), own.width};
  numbers_of(out);
  check_products(own.window, out[0] * out[1], in[2], own.width);
  return {of_rows(Conv2d(place.store, place.name, place.group, in[2], own.width, own.window,
                         own.activation),
                  in, out),
          out, true};
}

BuiltLayer conv_transpose(const Description& own, const Shape& in, const Place& place) {
  want_image(in);
  const auto length = [&](std::int64_t from) {
    const std::int64_t to =
        (from - 1) * own.window.stride - 2 * own.window.padding + own.window.kernel;
    if (to < 1) {
      throw Error("its padding " + std::to_string(own.window.padding) + " leaves nothing of " +
                  in.text());
    }
    return to;
  };
  const Shape out{length(in[0]), length(in[1]), own.width};
  numbers_of(out);
  check_products(own.window, in[0] * in[1], in[2], own.width);
  return {of_rows(ConvTranspose2d(place.store, place.name, place.group, in[2], own.width,
                                  own.window, own.activation),
                  in, out),
          out, true};
}

BuiltLayer residual(const Description& own, const Shape& in, const Place& place) {
  const std::int64_t from = in[-1], width = own.width == 0 ? from : own.width;
  const WeightInit zero = [](std::int64_t, std::int64_t) { return zeros(); };
  const Layer act = activation_of(own.activation);
  const std::string first = place.name + ".in", last = place.name + ".out";
  constexpr auto identity = Activation::identity;
  if (in.rank() == 1) {
    return {ResidualBlock(
                Sequential{act, Linear(place.store, first, place.group, from, width), act,
                           Linear(place.store, last, place.group, width, from, identity, zero)}),
            in, true};
  }
  const int kernel = own.window.kernel;
  if (kernel % 2 == 0) {
    throw Error("its kernel " + std::to_string(kernel) + " must be odd, to keep the size");
  }
  const Window window{.kernel = kernel, .padding = kernel / 2};
  numbers_of({in[0], in[1], width});
  check_products(window, in[0] * in[1], from, width);
  return {of_rows(ResidualBlock(Sequential{
                      act, Conv2d(place.store, first, place.group, from, width, window), act,
                      Conv2d(place.store, last, place.group, width, from, window, identity, zero)}),
                  in, in),
          in, true};
}

BuiltLayer layer_norm(const Description&, const Shape& in, const Place& place) {
  return {LayerNorm(place.store, place.name, place.group, in[-1]), in, true};
}

BuiltLayer activation(const Description& own, const Shape& in, const Place&) {
  return {activation_of(own.activation), in};
}

/// Units drop out of each example as a whole, whatever its shape.
BuiltLayer dropout(const Description& own, const Shape& in, const Place&) {
  if (own.rate == 0) return {Sequential{}, in};
  const Dropout drop(own.rate);
  if (in.rank() == 1) return {drop, in};
  return {[drop, in](Var x) {
            return last_axes_as(drop(last_axes_as(x, in.rank(), {in.size()})), 1, in);
          },
          in};
}

BuiltLayer shaped(const Shape& in, const Shape& out) {
  return {[in, out](Var x) { return last_axes_as(x, in.rank(), out); }, out};
}

BuiltLayer flatten(const Description&, const Shape& in, const Place&) {
  return shaped(in, {in.size()});
}

BuiltLayer reshape_to(const Description& own, const Shape& in, const Place&) {
  if (numbers_of(own.shape) != in.size()) {
    throw Error("cannot make " + own.shape.text() + " of " + in.text() + ": " +
                std::to_string(own.shape.size()) + " numbers of " + std::to_string(in.size()));
  }
  return shaped(in, own.shape);
}

}  // namespace

const std::vector<LayerType>& layer_types() {
  static const std::vector<LayerType> all{
      {"dense", {width_key("width"), activation_key()}, {}, dense},
      {"conv", window_keys(), {}, conv},
      {"conv_transpose", window_keys(), {}, conv_transpose},
      {"residual",
       {width_key("width", false), window_key("kernel", &Window::kernel, 1), activation_key()},
       {.activation = Activation::relu},
       residual},
      {"layer_norm", {}, {}, layer_norm},
      {"activation", {activation_key(true)}, {}, activation},
      {"dropout", {rate_key()}, {}, dropout},
      {"flatten", {}, {}, flatten},
      {"reshape", {shape_key()}, {}, reshape_to}};
  return all;
}

const LayerType& layer_type(const std::string& name) {
  std::vector<std::string> names;
  for (const LayerType& type : layer_types()) {
    if (type.name == name) return type;
    names.push_back(type.name);
  }
  throw Error("type '" + name + "' is unknown; " + suggest(name, names));
}

}  // namespace nelbo
