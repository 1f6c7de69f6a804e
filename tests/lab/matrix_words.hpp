#pragma once
// The words of the registries as the tests of the matrix write them, and data for its cells: every kind of
// model with every objective and every estimator.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "objectives/language/catalogue.hpp"
#include "objectives/language/estimator_words.hpp"
#include "objectives/language/vocabulary.hpp"
#include "tests/catch.hpp"

namespace nelbo::tests {

using Texts = std::vector<std::string>;
/// How words that take arguments are written here.
using Written = std::map<std::string, Texts>;

inline const Written written_posteriors{{"categorical", {"categorical:3"}},
                                        {"iaf", {"iaf:1"}},
                                        {"realnvp", {"realnvp:1"}},
                                        {"planar", {"planar:1"}}};
inline const Written written_priors{{"normal", {"normal", "normal:full"}},
                                    {"mixture", {"mixture:2"}},
                                    {"vamp", {"vamp:2"}},
                                    {"realnvp", {"realnvp:1"}},
                                    {"maf", {"maf:1"}},
                                    {"gamma", {"gamma", "gamma:2:0.5"}},
                                    {"beta", {"beta", "beta:2:3"}},
                                    {"dirichlet", {"dirichlet", "dirichlet:0.5"}},
                                    {"von_mises", {"von_mises", "von_mises:2"}},
                                    {"student", {"student", "student:3"}}};
inline const Written written_likelihoods{
    {"normal",
     {"normal", "normal:0.1", "normal:learned", "normal:shared", "normal:optimal", "normal:datum"}},
    {"discretised_logistic", {"discretised_logistic", "discretised_logistic:2"}},
    {"categorical_pixels", {"categorical_pixels", "categorical_pixels:2"}}};
inline const Written written_estimators{
    {"reparam", {"reparam", "reparam(exact)"}},
    {"score", {"score", "score(baseline=mean)", "score(baseline=learned)"}},
    {"vimco", {"vimco", "vimco(arithmetic)"}},
    {"ovis", {"ovis"}},
    {"wake_sleep", {"wake_sleep", "wake_sleep(wake=0)"}},
    {"gumbel_softmax", {"gumbel_softmax"}},
    {"straight_through", {"straight_through"}},
    {"rebar", {"rebar", "rebar(temperature=0.5, eta=1)"}},
    {"relax", {"relax"}}};
/// Objectives that hold the word.
inline const Written written_words{{"div", {"nell + div", "nell + div(mc)"}},
                                   {"mi", {"mi"}},
                                   {"aggdiv", {"aggdiv"}},
                                   {"tc", {"tc", "tc(naive)"}},
                                   {"dwkl", {"dwkl"}},
                                   {"pf", {"pf", "pf(exact)"}},
                                   {"hagg", {"hagg"}},
                                   {"hqzx", {"hqzx", "hqzx(mc)"}},
                                   {"mmd", {"nell + mmd(kernel=rbf)"}},
                                   {"classification", {"nell + div + classification"}},
                                   {"dip", {"nell + dip(i)"}},
                                   {"elbo", {"elbo", "elbo(mc)"}},
                                   {"log_px", {"log_px(m=2)"}},
                                   {"iw", {"iw(m=2)"}},
                                   {"mc", {"mc(k=2)", "mc(k=2, m=2)"}},
                                   {"miwae", {"miwae(k=2, m=2)"}},
                                   {"ciwae", {"ciwae(m=2)"}},
                                   {"renyi", {"renyi(m=2)"}},
                                   {"vr_max", {"vr_max(m=2)"}},
                                   {"cubo", {"-iw(m=2) + cubo(m=2)"}},
                                   {"jackknife", {"jackknife(m=2)"}},
                                   {"tvo", {"tvo(partitions=2, m=2)"}},
                                   {"anneal", {"nell + anneal(0, 1, steps=2)*div(mc)"}},
                                   {"burda", {"nell + burda*div(mc)"}},
                                   {"cosine", {"nell + cosine(1, 0, steps=2)*div(mc)"}},
                                   {"stages", {"nell + stages(1, 2, 0)*div(mc)"}},
                                   {"step", {"nell + step(1, 0.5, every=2)*div(mc)"}},
                                   {"warmup", {"nell + warmup(1, steps=2)*div(mc)"}},
                                   {"abs", {"nell + abs(div(mc) - 1)"}},
                                   {"max", {"nell + max(div(mc), 1)"}},
                                   {"min", {"nell + min(div(mc), 1)"}},
                                   {"square", {"nell + square(div(mc))"}},
                                   {"relu", {"nell + relu(div(mc) - 1)"}}};
/// Named objectives with fewer samples than their own.
inline const Written written_objectives{
    {"iwae", {"iwae(m=2)"}},           {"miwae", {"miwae(k=2, m=2)"}},
    {"ciwae", {"ciwae(m=2)"}},         {"tvo", {"tvo(partitions=2, m=2)"}},
    {"renyi_vae", {"renyi_vae(m=2)"}}, {"vr_max", {"vr_max(m=2)"}}};

/// All words of a registry as they are written here; `takes` says of one whether it has arguments.
template <class Entry>
Texts texts_of(const Registry<Entry>& registry, const Written& written, const char* table,
               const std::function<bool(const Entry&)>& takes) {
  Texts all;
  for (const Entry& word : registry.all()) {
    const auto known = written.find(word.name);
    if (known != written.end()) {
      all.insert(all.end(), known->second.begin(), known->second.end());
    } else if (takes(word)) {
      FAIL_CHECK("'" << word.name << "' takes arguments: add an entry for it to " << table
                     << " in tests/lab/matrix_words.hpp");
    } else {
      all.push_back(word.name);
    }
  }
  return all;
}

template <class Entry>
Texts texts_of(const Registry<Entry>& registry, const Written& written, const char* table) {
  return texts_of<Entry>(registry, written, table,
                         [](const Entry& word) { return word.usage != word.name; });
}

inline Texts estimator_texts() {
  return texts_of(estimator_vocabulary(), written_estimators, "written_estimators");
}

/// Every name of the catalogue and every word of the language, each objective once.
inline Texts objective_texts() {
  Texts all =
      texts_of<NamedObjective>(objective_catalogue(), written_objectives, "written_objectives",
                               [](const NamedObjective&) { return false; });
  std::set<std::string> known(all.begin(), all.end());
  for (const std::string& text : texts_of(vocabulary(), written_words, "written_words")) {
    if (known.insert(text).second) all.push_back(text);
  }
  return all;
}

/// 12 examples to learn from and 4 held-out ones of this shape, each feature `zero` or `one`; with a column
/// to be conditioned on, and every fifth number missing, where that is wanted.
inline data::Dataset examples_of(const std::vector<std::int64_t>& shape, double zero, double one,
                                 bool condition = false, bool missing = false) {
  std::mt19937 random(3);
  data::Dataset data;
  data.spec = "tiny";
  data.format = "npy";
  for (const auto& [name, count] : {std::pair("train", 12), std::pair("test", 4)}) {
    std::vector<std::int64_t> sizes{count};
    sizes.insert(sizes.end(), shape.begin(), shape.end());
    std::size_t size = 1;
    for (const std::int64_t n : sizes) size *= std::size_t(n);
    data::Array array{data::StoredType::float32, sizes, {}};
    array.bytes.resize(size * sizeof(float));
    auto* const value = reinterpret_cast<float*>(array.bytes.data());
    for (std::size_t i = 0; i < size; ++i) {
      value[i] = float(random() % 5 < 2 ? one : zero);
      if (missing && i % 5 == 4) value[i] = std::numeric_limits<float>::quiet_NaN();
    }
    data.splits.push_back({name, data::Images(std::move(array)), {}, {}});
    if (!condition) continue;
    for (int i = 0; i < count; ++i) data.splits.back().condition.push_back(i % 3);
  }
  if (condition) data.condition = data::code_condition(data, "c");
  return data;
}

/// The same with three labels in turn, of which three are told.
inline data::Dataset examples_with_labels(const std::vector<std::int64_t>& shape) {
  data::Dataset data = examples_of(shape, 0, 1);
  for (data::Split& split : data.splits) {
    for (std::int64_t i = 0; i < split.images.count(); ++i) split.labels.push_back(i % 3);
  }
  data.condition = data::code_condition(data, "labels");
  data.condition.inferred = true;
  data.condition.told = {1, 2, 6};
  return data;
}

}  // namespace nelbo::tests
