#include "apps/reports/model_output.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/error.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 27;  // 1 GiB in all that is held at once

/// Whether a name stands for something that is no file with a name of its own.
bool is_stream(const std::string& path) {
  std::error_code none;
  return is_stdout(path) ||
         (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none));
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  return "[" + joined(shape, ", ") + "]";
}

}  // namespace

bool OutputFlags::pictures() const {
  read_setting("out", [&] { check_output(out); });
  if (!format.empty()) return format == "png";
  if (out.ends_with(".png")) return true;
  if (out.ends_with(".npz") || is_stream(out)) return false;
  throw SettingError("out", data::one_line(out) +
                                ": name it .npz for numbers or .png for pictures, or say --format");
}

void add_output_flags(CommandLine& command, OutputFlags& flags) {
  command
      .flag("--out", flags.out,
            "numbers or a picture, by the name's ending; one that exists is replaced; - is stdout")
      .required()
      .type("FILE.npz|FILE.png");
  command.flag("--format", flags.format, "npz or png [as --out ends; of stdout npz]")
      .one_of({"npz", "png"})
      .type("FORMAT");
}

ModelOutput::ModelOutput(const OutputFlags& flags, const LoadedModel& run, std::string row)
    : flags_(flags), run_(run), row_(std::move(row)), pictures_(flags.pictures()) {
  if (run.model->likelihood() == nullptr) {
    throw Error(run.name + ": the model gives log P(x|z) alone and makes no data");
  }
  const std::string none = why_no_pictures(*run.model, run.config.example);
  if (pictures_ && !none.empty()) {
    throw Error(run.name + ": " + none + "; numbers go to a file named .npz");
  }
}

void ModelOutput::check_rows(const std::string& flag, std::int64_t rows) const {
  const std::int64_t most =
      most_values / (run_.model->features() + run_.model->codes().dimensions());
  if (rows <= most) return;
  throw Error(fmt::format("{}: {} examples of shape {} are too large for one file; at most {}",
                          flag, rows, data::shape_text(run_.config.example), most));
}

void ModelOutput::add_rows(const std::string& name, const Tensor& values,
                           std::vector<std::int64_t> lead, const std::vector<std::int64_t>& row) {
  if (lead.empty()) lead = {values.shape()[0]};
  lead.insert(lead.end(), row.begin(), row.end());
  rows_[name] = {values, std::move(lead)};
}

void ModelOutput::add_codes(const std::string& name, const Tensor& z,
                            std::vector<std::int64_t> lead) {
  const CodeSpace codes = run_.model->codes();
  const bool mixed = codes.kind == CodeSpace::Kind::mixed;
  const bool rows = !mixed && codes.labels == 0 && codes.width() > 1;
  std::vector<std::int64_t> row{rows ? codes.variables : codes.dimensions()};
  if (rows) row.push_back(codes.width());
  add_rows(name, z, std::move(lead), row);
}

void ModelOutput::add_data(const std::string& name, const Tensor& x,
                           std::vector<std::int64_t> lead) {
  add_rows(name, x, std::move(lead), run_.config.example);
}

void ModelOutput::add_shown(const std::string& name, const Tensor& x) {
  add_data(name, x);
  rows_.at(name).shown = true;
}

void ModelOutput::add(const std::string& name, std::vector<std::int64_t> numbers) {
  whole_[name] = std::move(numbers);
}

void ModelOutput::add(const std::string& name, std::vector<double> numbers) {
  reals_[name] = std::move(numbers);
}

int ModelOutput::write(const PictureGrid& grid, const nlohmann::ordered_json& told,
                       bool json) const {
  for (const auto& [name, rows] : rows_) {
    if (rows.shown) continue;
    if (const auto row = row_not_finite(rows.values)) {
      return refuse_not_finite(fmt::format("'{}' of {} {}", name, row_, *row));
    }
  }
  nlohmann::ordered_json of_file{{"out", flags_.out}, {"format", pictures_ ? "png" : "npz"}};
  std::string text;
  if (pictures_) {
    write_pictures(flags_.out, grid, picture_view(run_.config));
    of_file.update({{"pictures", grid.x.shape()[0]}, {"columns", grid.columns}});
    text = fmt::format("{} pictures, {} to a row", grid.x.shape()[0], grid.columns);
  } else {
    std::map<std::string, data::ArrayView> arrays;
    for (const auto& [name, rows] : rows_) {
      arrays[name] = {data::StoredType::float32, rows.shape, rows.values.data()};
    }
    for (const auto& [name, numbers] : whole_) {
      arrays[name] = {data::StoredType::int64, {std::int64_t(numbers.size())}, numbers.data()};
    }
    for (const auto& [name, numbers] : reals_) {
      arrays[name] = {data::StoredType::float64, {std::int64_t(numbers.size())}, numbers.data()};
    }
    write_npz(flags_.out, arrays);
    for (const auto& [name, array] : arrays) {
      of_file["arrays"][name] = array.shape;
      text += (text.empty() ? "" : ", ") + name + " " + text_of(array.shape);
    }
  }
  of_file.update(told);
  if (json) {
    print_json(of_file, beside(flags_.out));
  } else {
    beside(flags_.out) << data::one_line(flags_.out) << ": " << text << "\n";
  }
  return exit_done;
}

}  // namespace nelbo
