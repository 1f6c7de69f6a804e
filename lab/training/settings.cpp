#include "lab/training/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "autodiff/setting_error.hpp"
#include "lab/data/preprocessing.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

using Kind = TrainSetting::Kind;

constexpr NumberRange widths{.least = 1, .most = 1 << 20};

/// The number that is the whole of `text`; nothing where it is none.
template <class T>
std::optional<T> number_of(std::string_view text) {
  T value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

/// Of the numbers that are separated by commas.
template <class T>
std::optional<std::vector<T>> numbers_of(const std::string& text, const NumberRange& range) {
  std::vector<T> values;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const auto value = number_of<T>(std::string_view(text).substr(start, comma - start));
    if (!value || !range.has(double(*value))) return std::nullopt;
    values.push_back(*value);
    start = comma + 1;
  }
  return values;
}

template <class T>
std::optional<T> number_in(const std::string& text, const NumberRange& range) {
  const auto value = number_of<T>(text);
  return value && range.has(double(*value)) ? value : std::nullopt;
}

/// A setting that is a member, always written.
template <class Stored>
TrainSetting member(const std::string& name, Kind kind, Stored TrainConfig::*field,
                    NumberRange range = {}) {
  return {.name = name,
          .kind = kind,
          .set = [field](TrainConfig& c,
                         const SettingValue& value) { c.*field = std::get<Stored>(value); },
          .get = [field](const TrainConfig& c) { return c.*field; },
          .range = range};
}

/// Not written where it is empty.
template <class Stored>
TrainSetting unless_empty(const std::string& name, Kind kind, Stored TrainConfig::*field) {
  TrainSetting setting = member(name, kind, field);
  setting.get = [field](const TrainConfig& c) -> std::optional<SettingValue> {
    if ((c.*field).empty()) return std::nullopt;
    return c.*field;
  };
  return setting;
}

std::uint64_t count_of(const SettingValue& value) {
  const std::int64_t count = std::get<std::int64_t>(value);
  if (count < 0) throw SettingError("", "must be 0 or more");
  return std::uint64_t(count);
}

/// Naming one way to say how long takes back the other.
TrainSetting length(const std::string& name, std::optional<std::uint64_t> TrainConfig::*field,
                    std::optional<std::uint64_t> TrainConfig::*other, NumberRange range) {
  return {.name = name,
          .kind = Kind::whole,
          .set =
              [field, other](TrainConfig& c, const SettingValue& value) {
                c.*field = count_of(value);
                (c.*other).reset();
              },
          .get = [field](const TrainConfig& c) -> std::optional<SettingValue> {
            if (!(c.*field)) return std::nullopt;
            return std::int64_t(*(c.*field));
          },
          .range = range};
}

TrainSetting seed() {
  return {.name = "seed",
          .kind = Kind::whole,
          .set = [](TrainConfig& c, const SettingValue& value) { c.seed = count_of(value); },
          .get = [](const TrainConfig& c) { return std::int64_t(c.seed); },
          .range = {.least = 0, .most = 0x1p63, .below = true}};
}

/// 0 stands for the architecture's own.
TrainSetting latent() {
  TrainSetting setting =
      member("latent", Kind::whole, &TrainConfig::latent, {.least = 1, .most = 65536});
  setting.get = [](const TrainConfig& c) -> std::optional<SettingValue> {
    if (c.latent == 0) return std::nullopt;
    return c.latent;
  };
  return setting;
}

TrainSetting picture_range() {
  return {.name = "picture_range",
          .kind = Kind::numbers,
          .set =
              [](TrainConfig& c, const SettingValue& value) {
                const auto& ends = std::get<std::vector<double>>(value);
                if (ends.size() != 2) throw SettingError("", "must be a list of two numbers");
                if (!(std::isfinite(ends[0]) && std::isfinite(ends[1]) && ends[0] < ends[1])) {
                  throw SettingError("", "must be two finite numbers, the smaller first");
                }
                c.picture_range = {ends[0], ends[1]};
              },
          .get =
              [](const TrainConfig& c) {
                return std::vector<double>{c.picture_range.first, c.picture_range.second};
              }};
}

/// Not written where it has this value.
TrainSetting unless(const SettingValue& value, TrainSetting setting) {
  setting.get = [value, get = setting.get](const TrainConfig& c) -> std::optional<SettingValue> {
    const auto held = get(c);
    return held == value ? std::nullopt : held;
  };
  return setting;
}

/// Height and width: "28x28".
TrainSetting pixel_size(const std::string& name, std::string TrainConfig::*field,
                        std::int64_t most) {
  TrainSetting setting = unless_empty(name, Kind::text, field);
  setting.set = [name, field, most](TrainConfig& c, const SettingValue& value) {
    c.*field = data::parse_size(name, std::get<std::string>(value), most).text();
  };
  return setting;
}

TrainSetting channels() {
  TrainSetting setting = member("channels", Kind::whole, &TrainConfig::channels);
  setting.set = [](TrainConfig& c, const SettingValue& value) {
    c.channels = std::get<std::int64_t>(value);
    if (c.channels != 1 && c.channels != 3) throw SettingError("channels", "must be 1 or 3");
  };
  return unless(std::int64_t{0}, setting);
}

TrainSetting invert_from() {
  return {.name = "invert_from",
          .kind = Kind::number,
          .set =
              [](TrainConfig& c, const SettingValue& value) {
                c.invert_from = std::get<double>(value);
                if (!std::isfinite(*c.invert_from))
                  throw SettingError("invert_from", "must be a finite number");
              },
          .get = [](const TrainConfig& c) -> std::optional<SettingValue> { return c.invert_from; }};
}

TrainSetting changing(TrainSetting setting) {
  setting.changes = true;
  return setting;
}

TrainSetting of_model(TrainSetting setting) {
  setting.of_model = true;
  return setting;
}

/// What a model of its own kind may do without.
TrainSetting of_vae(TrainSetting setting) {
  setting.get = [name = setting.name,
                 get = setting.get](const TrainConfig& c) -> std::optional<SettingValue> {
    const Architecture* own = architectures().find(c.model);
    return own == nullptr || own->has(name) ? get(c) : std::nullopt;
  };
  return of_model(setting);
}

std::vector<TrainSetting> all_settings() {
  using C = TrainConfig;
  return {
      member("data", Kind::text, &C::data),
      member("data_hash", Kind::text, &C::data_hash),
      member("holdout", Kind::number, &C::holdout,
             {.least = 0, .most = 1, .above = true, .below = true}),
      member("validation", Kind::number, &C::validation, {.least = 0, .most = 1, .below = true}),
      member("binarize", Kind::text, &C::binarize),
      of_model(unless_empty("scale", Kind::word, &C::scale)),
      unless_empty("label", Kind::word, &C::label),
      unless(std::int64_t{0},
             member("subset", Kind::whole, &C::subset, {.least = 1, .most = 4294967295})),
      of_model(pixel_size("crop", &C::crop, data::most_side_read)),
      of_model(pixel_size("resize", &C::resize, data::most_side)),
      of_model(channels()),
      of_model(unless(false, member("invert", Kind::yes_no, &C::invert))),
      of_model(invert_from()),
      of_model(member("example", Kind::wholes, &C::example)),
      of_model(unless_empty("scale_mean", Kind::numbers, &C::scale_mean)),
      of_model(unless_empty("scale_deviation", Kind::numbers, &C::scale_deviation)),
      of_model(picture_range()),
      of_model(member("model", Kind::text, &C::model)),
      of_model(latent()),
      of_vae(member("hidden", Kind::wholes, &C::hidden, widths)),
      of_vae(member("likelihood", Kind::text, &C::likelihood)),
      of_vae(member("prior", Kind::text, &C::prior)),
      of_vae(member("posterior", Kind::text, &C::posterior)),
      changing(member("objective", Kind::text, &C::objective)),
      member("estimator", Kind::text, &C::estimator),
      member("optimizer", Kind::text, &C::optimizer),
      changing(member("lr", Kind::number, &C::lr, {.least = 0, .most = 1e6, .above = true})),
      changing(member("batch", Kind::whole, &C::batch, {.least = 1, .most = 1 << 20})),
      length("epochs", &C::epochs, &C::steps, {.least = 1, .most = 4294967295}),
      length("steps", &C::steps, &C::epochs, {.least = 1, .most = 0x1p62, .below = true}),
      changing(member("patience", Kind::whole, &C::patience, {.least = 0, .most = 4294967295})),
      member("patience_from", Kind::whole, &C::patience_from, {.least = 0, .most = 4294967295}),
      seed(),
  };
}

}  // namespace

std::string NumberRange::text() const {
  if (!above && !below && std::isfinite(least) && std::isfinite(most)) {
    return fmt::format("{} to {}", least, most);
  }
  std::string text;
  if (std::isfinite(least)) text = fmt::format("{} {}", above ? "above" : "at least", least);
  if (!std::isfinite(most)) return text;
  return text +
         fmt::format("{}{} {}", text.empty() ? "" : " and ", below ? "below" : "at most", most);
}

SettingValue TrainSetting::parse(const std::string& text) const {
  const auto or_refuse = [&](const auto& value, const std::string& wanted) -> SettingValue {
    if (value) return *value;
    const std::string of_range = range.text();
    throw SettingError(name, fmt::format("'{}' is not {}{}{}", text, wanted,
                                         of_range.empty() ? "" : ", ", of_range));
  };
  switch (kind) {
    case Kind::yes_no:
      return or_refuse(text == "true"    ? std::optional(true)
                       : text == "false" ? std::optional(false)
                                         : std::nullopt,
                       "true or false");
    case Kind::whole:
      return or_refuse(number_in<std::int64_t>(text, range), "a whole number");
    case Kind::number:
      return or_refuse(number_in<double>(text, range), "a number");
    case Kind::wholes:
      return or_refuse(numbers_of<std::int64_t>(text, range),
                       "a list of whole numbers, as in 500,500");
    case Kind::numbers:
      return or_refuse(numbers_of<double>(text, range), "a list of numbers, as in 0.5,1");
    case Kind::text:
    case Kind::word:
      break;
  }
  return text;
}

const std::vector<TrainSetting>& settings() {
  static const std::vector<TrainSetting> all = all_settings();
  return all;
}

const TrainSetting* find_setting(const std::string& name) {
  const auto found = std::find_if(settings().begin(), settings().end(),
                                  [&](const TrainSetting& one) { return one.name == name; });
  return found == settings().end() ? nullptr : &*found;
}

void check_ranges(const TrainConfig& config) {
  const auto all_in = [](const NumberRange& range, const auto& values) {
    return std::all_of(values.begin(), values.end(),
                       [&](auto value) { return range.has(double(value)); });
  };
  for (const TrainSetting& setting : settings()) {
    const auto value = setting.get(config);
    if (!value) continue;
    bool holds = true;
    if (const auto* whole = std::get_if<std::int64_t>(&*value)) {
      holds = setting.range.has(double(*whole));
    } else if (const auto* number = std::get_if<double>(&*value)) {
      holds = std::isfinite(*number) && setting.range.has(*number);
    } else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&*value)) {
      holds = all_in(setting.range, *wholes);
    }
    if (!holds) throw SettingError(setting.name, "must be " + setting.range.text());
  }
}

std::string text_of(const SettingValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          return held;
        } else if constexpr (std::is_arithmetic_v<Held>) {
          return fmt::format("{}", held);
        } else {
          return fmt::format("{}", fmt::join(held, ","));
        }
      },
      value);
}

}  // namespace nelbo
