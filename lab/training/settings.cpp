#include "lab/training/settings.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/setting_error.hpp"
#include "lab/data/preprocessing.hpp"
#include "lab/training/learning_rates.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

using Kind = SettingKind;

constexpr NumberRange widths{.least = 1, .most = 1 << 20};
constexpr NumberRange share{.least = 0, .most = 1, .below = true};

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

/// Not written where it is what it is without being said.
template <class Stored>
TrainSetting unless_usual(const std::string& name, Kind kind, Stored TrainConfig::*field,
                          NumberRange range = {}) {
  TrainSetting setting = member(name, kind, field, range);
  setting.get = [field](const TrainConfig& c) -> std::optional<SettingValue> {
    if (c.*field == TrainConfig{}.*field) return std::nullopt;
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

/// Not written where there is none.
TrainSetting if_any(const std::string& name, std::optional<double> TrainConfig::*field,
                    NumberRange range) {
  return {.name = name,
          .kind = Kind::number,
          .set = [field](TrainConfig& c,
                         const SettingValue& value) { c.*field = std::get<double>(value); },
          .get = [field](const TrainConfig& c) -> std::optional<SettingValue> {
            if (!(c.*field)) return std::nullopt;
            return *(c.*field);
          },
          .range = range};
}

/// Not written where it has this value.
TrainSetting unless(const SettingValue& value, TrainSetting setting) {
  setting.get = [value, get = setting.get](const TrainConfig& c) -> std::optional<SettingValue> {
    const auto held = get(c);
    return held == value ? std::nullopt : held;
  };
  return setting;
}

/// Labels that are inferred are a condition.
TrainSetting labels_used() {
  TrainSetting setting =
      unless(std::int64_t{0}, member("labels_used", Kind::whole, &TrainConfig::labels_used,
                                     {.least = 1, .most = 4294967295}));
  setting.set = [](TrainConfig& c, const SettingValue& value) {
    c.labels_used = std::get<std::int64_t>(value);
    if (c.condition.empty()) c.condition = "labels";
  };
  return setting;
}

/// A number where it is one.
TrainSetting learning_rate() {
  return {.name = "lr",
          .kind = Kind::word,
          .set =
              [](TrainConfig& c, const SettingValue& value) {
                const RateText rate = std::get<std::string>(value);
                parse_learning_rates(rate);
                c.lr = rate;
              },
          .get = [](const TrainConfig& c) -> std::optional<SettingValue> {
            if (const auto number = c.lr.number()) return *number;
            return c.lr.text;
          }};
}

TrainSetting seed() {
  return {.name = "seed",
          .kind = Kind::whole,
          .set = [](TrainConfig& c, const SettingValue& value) { c.seed = count_of(value); },
          .get = [](const TrainConfig& c) { return std::int64_t(c.seed); },
          .range = {.least = 0, .most = 0x1p63, .below = true}};
}

/// A file's network is read anew where the model is named anew.
TrainSetting model() {
  TrainSetting setting = member("model", Kind::text, &TrainConfig::model);
  setting.set = [](TrainConfig& c, const SettingValue& value) {
    c.model = std::get<std::string>(value);
    c.network.clear();
  };
  return setting;
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

TrainSetting hidden() {
  return {.name = "hidden",
          .kind = Kind::wholes_or_none,
          .set =
              [](TrainConfig& c, const SettingValue& value) {
                const auto* given = std::get_if<std::vector<std::int64_t>>(&value);
                c.linear = given == nullptr;
                c.hidden = c.linear ? std::vector<std::int64_t>{} : *given;
              },
          .get = [](const TrainConfig& c) -> std::optional<SettingValue> {
            if (c.linear) return "none";
            return c.hidden;
          },
          .range = widths};
}

/// A path; none takes back what another file says.
TrainSetting init_from() {
  TrainSetting setting = unless_empty("init_from", Kind::text, &TrainConfig::init_from);
  setting.set = [](TrainConfig& c, const SettingValue& value) {
    const auto& path = std::get<std::string>(value);
    c.init_from = path == "none" ? "" : path;
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

/// One part, a batch as it is, goes without saying.
TrainSetting parts() {
  TrainSetting setting =
      member("parts", Kind::whole, &TrainConfig::parts, {.least = 1, .most = 4096});
  setting.set = [](TrainConfig& c, const SettingValue& value) {
    c.parts = std::get<std::int64_t>(value);
    if (c.parts < 1) throw SettingError("parts", "must be 1 or more");
  };
  setting.get = [](const TrainConfig& c) -> std::optional<SettingValue> {
    if (c.parts <= 1) return std::nullopt;
    return c.parts;
  };
  return setting;
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
    const Architecture* own = architectures().find(architecture_of(c.model));
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
      member("validation", Kind::number, &C::validation, share),
      member("binarize", Kind::text, &C::binarize),
      of_model(unless_empty("scale", Kind::word, &C::scale)),
      unless_empty("label", Kind::word, &C::label),
      of_model(unless_empty("condition", Kind::text, &C::condition)),
      of_model(labels_used()),
      of_model(unless_empty("missing", Kind::text, &C::missing)),
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
      of_model(unless_empty("condition_classes", Kind::wholes, &C::condition_classes)),
      unless_empty("labels_told", Kind::wholes, &C::labels_told),
      of_model(unless_empty("condition_mean", Kind::numbers, &C::condition_mean)),
      of_model(unless_empty("condition_deviation", Kind::numbers, &C::condition_deviation)),
      of_model(picture_range()),
      of_model(model()),
      of_model(unless_empty("network", Kind::text, &C::network)),
      of_model(latent()),
      of_vae(hidden()),
      of_vae(unless_usual("activation", Kind::text, &C::activation)),
      of_vae(unless_usual("layer_norm", Kind::yes_no, &C::layer_norm)),
      of_vae(unless_usual("gated", Kind::yes_no, &C::gated)),
      of_vae(unless_usual("dropout", Kind::number, &C::dropout,
                          {.least = 0, .most = 1, .below = true})),
      of_vae(unless_usual("centre", Kind::yes_no, &C::centre)),
      of_model(unless_empty("centre_mean", Kind::numbers, &C::centre_mean)),
      of_vae(member("likelihood", Kind::text, &C::likelihood)),
      of_vae(member("prior", Kind::text, &C::prior)),
      of_vae(member("posterior", Kind::text, &C::posterior)),
      changing(member("objective", Kind::text, &C::objective)),
      member("estimator", Kind::text, &C::estimator),
      member("optimizer", Kind::text, &C::optimizer),
      changing(learning_rate()),
      if_any("beta1", &C::beta1, share),
      if_any("beta2", &C::beta2, share),
      if_any("epsilon", &C::epsilon, {.least = 0, .above = true}),
      if_any("second_moment", &C::second_moment, {.least = 0}),
      if_any("momentum", &C::momentum, share),
      if_any("weight_decay", &C::weight_decay, {.least = 0}),
      member("clip", Kind::number, &C::clip, {.least = 0}),
      member("normalise_gradients", Kind::yes_no, &C::normalise_gradients),
      member("ema", Kind::number, &C::ema, share),
      changing(member("batch", Kind::whole, &C::batch, {.least = 1, .most = 1 << 20})),
      parts(),
      init_from(),
      length("epochs", &C::epochs, &C::steps, {.least = 1, .most = 4294967295}),
      length("steps", &C::steps, &C::epochs, {.least = 1, .most = 0x1p62, .below = true}),
      changing(member("patience", Kind::whole, &C::patience, {.least = 0, .most = 4294967295})),
      member("patience_from", Kind::whole, &C::patience_from, {.least = 0, .most = 4294967295}),
      seed(),  // the last: a file without it is cut short
  };
}

}  // namespace

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
      holds = setting.range.has(*number);
    } else if (const auto* wholes = std::get_if<std::vector<std::int64_t>>(&*value)) {
      holds = all_in(setting.range, *wholes);
    }
    if (!holds) throw SettingError(setting.name, "must be " + setting.range.text());
  }
}

}  // namespace nelbo
