#include "objectives/language/catalogue.hpp"

namespace nelbo {

Registry<NamedObjective>& objective_catalogue() {
  static Registry<NamedObjective> all(
      "objective",
      {
          {"elbo",
           {},
           "elbo",
           "Kingma and Welling (2014), \"Auto-encoding variational Bayes\"; Zheng eqs (13)-(14)"},
          {"beta_vae", {{"beta", 4}}, "nell + beta*div", "Higgins et al. (2017), \"beta-VAE\""},
          {"annealed_vae",
           {{"gamma", 1000}, {"capacity", 25}, {"steps", 100000}},
           "nell + gamma*abs(div - anneal(0, capacity, steps=steps))",
           "Burgess et al. (2018), \"Understanding disentangling in beta-VAE\""},
          {"beta_tcvae",
           {{"beta", 6}, {"alpha", 1}, {"gamma", 1}},
           "nell + alpha*mi + beta*tc + gamma*dwkl",
           "Chen et al. (2018), \"Isolating sources of disentanglement in VAEs\""},
          {"hfvae",
           {{"beta", 4}, {"gamma", 1}, {"groups", 2}},
           "nell + mi + beta*tc(groups=groups) + gamma*tc(groups=groups, level=within) + dwkl - pf",
           "Esmaeili et al. (2019), \"Structured disentangled representations\""},
          {"factor_vae",
           {{"gamma", 35}},
           "nell + div + gamma*factor_tc",
           "Kim and Mnih (2018), \"Disentangling by factorising\""},
          {"info_vae",
           {{"alpha", 0}, {"lambda", 10}},
           "nell + (1 - alpha)*div + (alpha + lambda - 1)*mmd(kernel=rbf)",
           "Zhao, Song and Ermon (2019), \"InfoVAE\""},
          {"wae_mmd",
           {{"lambda", 10}},
           "nell + lambda*mmd(kernel=imq)",
           "Tolstikhin et al. (2018), \"Wasserstein auto-encoders\""},
          {"dip_vae_i",
           {{"lambda", 10}},
           "nell + div + lambda*dip(i, diagonal=10)",
           "Kumar, Sattigeri and Balakrishnan (2018), \"Variational inference of disentangled "
           "latent "
           "concepts\""},
          {"dip_vae_ii",
           {{"lambda", 10}},
           "nell + div + lambda*dip(ii, diagonal=1)",
           "Kumar, Sattigeri and Balakrishnan (2018)"},
          {"iwae",
           {{"m", 50}},
           "iw(m=m)",
           "Burda, Grosse and Salakhutdinov (2016), \"Importance weighted autoencoders\""},
          {"miwae",
           {{"k", 8}, {"m", 8}},
           "miwae(k=k, m=m)",
           "Rainforth et al. (2018), \"Tighter variational bounds are not necessarily better\""},
          {"ciwae",
           {{"beta", 0.05}, {"m", 50}},
           "ciwae(beta=beta, m=m)",
           "Rainforth et al. (2018)"},
          {"renyi_vae",
           {{"alpha", 0.5}, {"m", 5}},
           "renyi(alpha=alpha, m=m)",
           "Li and Turner (2016), \"Renyi divergence variational inference\""},
          {"vr_max", {{"m", 5}}, "vr_max(m=m)", "Li and Turner (2016)"},
          {"tvo",
           {{"partitions", 5}, {"m", 10}},
           "tvo(partitions=partitions, m=m)",
           "Masrani, Le and Wood (2019), \"The thermodynamic variational objective\""},
          {"free_bits",
           {{"lambda", 0.5}},
           "nell + max(div_j, lambda)",
           "Kingma et al. (2016), \"Improved variational inference with inverse autoregressive "
           "flow\""},
      });
  return all;
}

}  // namespace nelbo
