#include "models/init.hpp"

#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo {
namespace {

/// The random numbers of the parameter whose address is given.
RandomBlock block_of(const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
  return {.stream = random_variables::parameters.of(seed),
          .dimensions = std::size_t(parameter.size()),
          .first_datum = address};
}

/// parameter = low + (high - low) u
Initializer uniform(double bound) {
  return [bound](const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
    dispatch(parameter.dtype(), [&](auto t) {
      using T = decltype(t);
      T* w = parameter.data_as<T>();
      fill_uniform(w, block_of(parameter, seed, address));
      for (std::int64_t i = 0; i < parameter.size(); ++i) w[i] = T(bound) * (2 * w[i] - 1);
    });
  };
}

Initializer normal(double deviation) {
  return [deviation](const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
    dispatch(parameter.dtype(), [&](auto t) {
      using T = decltype(t);
      T* w = parameter.data_as<T>();
      fill_normal(w, block_of(parameter, seed, address));
      for (std::int64_t i = 0; i < parameter.size(); ++i) w[i] *= T(deviation);
    });
  };
}

void check_fans(const char* name, std::int64_t fan_in, std::int64_t fan_out) {
  if (fan_in < 0 || fan_out < 0 || fan_in + fan_out == 0) {
    throw Error(std::string(name) + ": fans " + std::to_string(fan_in) + " and " +
                std::to_string(fan_out) + " are no numbers of inputs and outputs");
  }
}

double dot(const double* a, const double* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// Gram-Schmidt on `count` <= length rows; a second sweep removes the rounding errors of the first.
/// The diagonal of R is positive, so Gaussian rows give a uniformly distributed Q.
void orthonormalize(std::vector<double>& rows, std::int64_t count, std::int64_t length) {
  for (std::int64_t i = 0; i < count; ++i) {
    double* row = rows.data() + i * length;
    for (int sweep = 0; sweep < 2; ++sweep) {
      for (std::int64_t k = 0; k < i; ++k) {
        const double* other = rows.data() + k * length;
        const double projection = dot(row, other, length);
        for (std::int64_t j = 0; j < length; ++j) row[j] -= projection * other[j];
      }
      const double scale = 1 / std::sqrt(dot(row, row, length));
      for (std::int64_t j = 0; j < length; ++j) row[j] *= scale;
    }
  }
}

}  // namespace

Initializer zeros() {
  return [](const Tensor& parameter, std::uint64_t, std::uint32_t) {
    parameter.copy_from(Tensor(parameter.shape(), parameter.dtype()));
  };
}

Initializer glorot_uniform(std::int64_t fan_in, std::int64_t fan_out) {
  check_fans("glorot_uniform", fan_in, fan_out);
  return uniform(std::sqrt(6.0 / double(fan_in + fan_out)));
}

Initializer he_normal(std::int64_t fan_in, std::int64_t) {
  check_fans("he_normal", fan_in, 0);
  return normal(std::sqrt(2.0 / double(fan_in)));
}

Initializer he_uniform(std::int64_t fan_in, std::int64_t) {
  check_fans("he_uniform", fan_in, 0);
  return uniform(std::sqrt(6.0 / double(fan_in)));
}

Initializer orthogonal(double gain) {
  return [gain](const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
    const Shape& shape = parameter.shape();
    if (shape.rank() < 2) {
      throw Error("orthogonal: a parameter of shape " + shape.text() +
                  " is no matrix; initialise biases with zeros()");
    }
    if (parameter.size() == 0) return;
    const std::int64_t rows = shape[0], columns = parameter.size() / rows;
    const bool tall = rows > columns;
    const std::int64_t count = tall ? columns : rows, length = tall ? rows : columns;
    std::vector<double> q(std::size_t(parameter.size()));
    fill_normal(q.data(), block_of(parameter, seed, address));
    orthonormalize(q, count, length);
    Tensor matrix(q.data(), tall ? Shape{columns, rows} : Shape{rows, columns},
                  row_major(tall ? Shape{columns, rows} : Shape{rows, columns}), DType::f64);
    for (double& value : q) value *= gain;
    if (tall) matrix = matrix.transpose(0, 1);
    parameter.copy_from(matrix.contiguous().reshape(shape));
  };
}

Initializer constant(const Tensor& values) {
  return [values](const Tensor& parameter, std::uint64_t, std::uint32_t) {
    if (!(values.shape() == parameter.shape())) {
      throw Error("constant: values " + values.shape().text() + " for a parameter " +
                  parameter.shape().text());
    }
    parameter.copy_from(values);
  };
}

Initializer deferred(std::function<Initializer()> make) {
  return [make = std::move(make)](const Tensor& parameter, std::uint64_t seed,
                                  std::uint32_t address) { make()(parameter, seed, address); };
}

Initializer first_columns(std::int64_t columns, Initializer initializer) {
  return
      [columns, initializer](const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
        const Tensor start({parameter.shape()[0], columns}, parameter.dtype());
        initializer(start, seed, address);
        zeros()(parameter, seed, address);
        parameter.slice(1, 0, columns).copy_from(start);
      };
}

Initializer scattered(const Tensor& centre, const Tensor& deviation) {
  return [centre, deviation](const Tensor& parameter, std::uint64_t seed, std::uint32_t address) {
    const Shape& shape = parameter.shape();
    const Shape row{shape.rank() == 2 ? shape[1] : -1};
    if (!(centre.shape() == row && deviation.shape() == row)) {
      throw Error("scattered: centre " + centre.shape().text() + " and deviation " +
                  deviation.shape().text() + " for a parameter " + shape.text());
    }
    normal(1)(parameter, seed, address);
    for (std::int64_t k = 0; k < shape[0]; ++k) {
      for (std::int64_t x = 0; x < shape[1]; ++x) {
        parameter.set({k, x}, centre.at({x}) + deviation.at({x}) * parameter.at({k, x}));
      }
    }
  };
}

}  // namespace nelbo
