#include "apps/reports/study_files.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "apps/cli/fail.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/reports/figures.hpp"
#include "apps/reports/report.hpp"
#include "apps/reports/table.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo::gradvar {
namespace {

using Json = nlohmann::ordered_json;

/// The numbers of a row in the order of the files.
std::vector<std::pair<std::string, double>> numbers_of(const Row& row) {
  std::vector<std::pair<std::string, double>> numbers;
  const auto add = [&](const std::string& name, const MeanAndError& estimate) {
    numbers.emplace_back(name, estimate.mean);
    numbers.emplace_back(name + "_se", estimate.standard_error);
  };
  add("mean_norm", row.mean_norm);
  add("variance", row.variance);
  add("snr", row.snr);
  add("snr_norm", row.snr_norm);
  numbers.emplace_back("snr_floor", row.snr_floor);
  add("dsnr", row.dsnr);
  add("cosine", row.cosine);
  numbers.emplace_back("bias_t", row.bias_t);
  numbers.emplace_back("bias_p", row.bias_p);
  add("us_per_gradient", row.us_per_gradient);
  add("work", row.work);
  return numbers;
}

std::vector<std::pair<std::string, double>> numbers_of(const Theory& theory) {
  return {{"mean_norm", theory.mean_norm}, {"variance", theory.variance}, {"snr", theory.snr}};
}

Json json_of(const std::optional<Theory>& theory) {
  if (!theory) return nullptr;
  Json object;
  for (const auto& [name, value] : numbers_of(*theory)) object[name] = value;
  return object;
}

}  // namespace

Json json_of(const Study& study) {
  Json rows = Json::array(), slopes = Json::array();
  for (const Row& row : study.rows) {
    Json object{{"bound", row.bound},
                {"estimator", row.estimator},
                {"m", row.m},
                {"k", row.k},
                {"group", row.group}};
    for (const auto& [name, value] : numbers_of(row)) object[name] = value;
    object["reference"] = row.defined() ? Json(row.reference) : Json(nullptr);
    object["biased"] = row.biased;
    object["exact"] = json_of(row.exact);
    object["asymptote"] = json_of(row.asymptote);
    object["undefined"] = row.defined() ? Json(nullptr) : Json(row.undefined);
    rows.push_back(std::move(object));
  }
  for (const Slope& slope : study.slopes) {
    slopes.push_back({{"bound", slope.bound},
                      {"estimator", slope.estimator},
                      {"group", slope.group},
                      {"axis", name_of(slope.axis)},
                      {"slope", slope.slope},
                      {"se", slope.se},
                      {"low", slope.low},
                      {"high", slope.high},
                      {"points", slope.points},
                      {"theory", slope.theory ? Json(*slope.theory) : Json(nullptr)}});
  }
  return {{"subject", study.subject},
          {"objective", study.objective.empty() ? Json(nullptr) : Json(study.objective)},
          {"reference", study.reference},
          {"replicates", study.replicates},
          {"batch", study.batch},
          {"resample", study.resample},
          {"seed", study.seed},
          {"isa", study.isa},
          {"threads", study.threads},
          {"seconds", study.seconds},
          {"rows", std::move(rows)},
          {"slopes", std::move(slopes)}};
}

std::string csv_of(const Study& study) {
  std::string text = "bound,estimator,m,k,group";
  for (const auto& [name, value] : numbers_of(Row{})) text += "," + name;
  text += ",reference,biased";
  for (const char* kind : {"exact", "asymptote"}) {
    for (const auto& [name, value] : numbers_of(Theory{}))
      text += fmt::format(",{}_{}", kind, name);
  }
  text += ",undefined\n";
  const auto add = [&](const auto& numbers) {
    for (const auto& [name, value] : numbers) {
      text += std::isfinite(value) ? fmt::format(",{}", value) : ",";
    }
  };
  for (const Row& row : study.rows) {
    text += fmt::format("{},{},{},{},{}", csv_field(row.bound), csv_field(row.estimator), row.m,
                        row.k, csv_field(row.group));
    add(numbers_of(row));
    text += fmt::format(",{},{}", csv_field(row.reference), row.biased);
    add(numbers_of(row.exact.value_or(Theory{})));
    add(numbers_of(row.asymptote.value_or(Theory{})));
    text += fmt::format(",{}\n", csv_field(row.undefined));
  }
  return text;
}

namespace {

void write_gradients(const std::vector<MeanGradient>& gradients, const std::string& path) {
  std::map<std::string, data::ArrayView> arrays;
  for (const MeanGradient& one : gradients) {
    std::vector<std::int64_t> shape;
    for (int axis = 0; axis < one.shape.rank(); ++axis) shape.push_back(one.shape[axis]);
    arrays.emplace(one.of + "/" + one.estimator + "/" + one.parameter,
                   data::ArrayView{data::StoredType::float64, shape, one.mean.data()});
  }
  write_npz(path, arrays);
}

}  // namespace

void write_study(const Study& study, const std::string& folder,
                 const std::vector<MeanGradient>& gradients) {
  const std::string pictures = folder + "/figures";
  std::error_code failure;
  std::filesystem::create_directories(pictures, failure);
  if (failure) {
    fail(pictures, "cannot be made: {}", data::system_reason(failure.value()));
  }
  write_file_atomically(folder + "/study.csv", csv_of(study));
  write_file_atomically(folder + "/study.json", json_text(json_of(study)));
  if (!gradients.empty()) write_gradients(gradients, folder + "/gradients.npz");
  const std::vector<Figure> figures = figures_of(study);
  for (const Figure& figure : figures) {
    write_file_atomically(pictures + "/" + figure.name + ".svg", figure.svg);
  }
  write_file_atomically(folder + "/report.html", html_report(study, figures));
}

}  // namespace nelbo::gradvar
