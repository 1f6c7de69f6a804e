#pragma once
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo {

/// Means of the columns, [D].
std::vector<double> column_means(TableView table);

/// sum_n (x_n - mean x) (y_n - mean y)' of two tables of as many rows, [D, K] row-major; exactly 0 where
/// a column is constant. The same bits for any number of threads.
std::vector<double> centred_products(TableView x, TableView y);

/// Sample covariances of the columns, divided by N - 1, [D, D] row-major.
std::vector<double> covariance(TableView table);

/// Sample variances of the columns, divided by N - 1, [D]; exactly 0 of a constant column.
std::vector<double> column_variances(TableView table);

}  // namespace nelbo
