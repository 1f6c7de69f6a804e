#pragma once
#include <functional>
#include <string>

namespace nelbo {

/// Times 100,000 samples of each distribution that is sampled by implicit reparameterisation, noise and all, and
/// the derivatives by their parameters, which are spread over 0.1 to 100: `time`(name, work) is called twice for
/// each, "sample gamma" and "sample gamma backward".
void bench_sampling(
    const std::function<void(const std::string& name, const std::function<void()>& work)>& time);

}  // namespace nelbo
