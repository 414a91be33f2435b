// Trains the digits for some epochs of 22 steps and saves the state: digits DATA OUT EPOCHS [TARGET], where the target
// is one of Highway's numbers.
#include "digits_mlp.h"

#include <rune/rune.h>

#ifdef CHOOSE_TARGET
#include <hwy/targets.h>
#endif

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
#ifdef CHOOSE_TARGET
  if (argc > 4)
    hwy::SetSupportedTargetsForTest(std::strtoll(argv[4], nullptr, 0));
#endif
  const int epochs = argc > 3 ? std::atoi(argv[3]) : 20;
  rune::StateDict data = rune::load_safetensors(argv[1]);
  models::DigitsMlp net;
  net.reset_parameters(0);
  models::DigitsMlp::Trainer trainer(net);
  const rune::Tensor x = data.at("x"), label = data.at("label");
  int steps = 0;
  float loss = 0;
  for (int epoch = 0; epoch < epochs; ++epoch)
    for (std::int64_t i = 0; i + 64 <= x.shape()[0]; i += 64, ++steps)
      loss = trainer.step(rune::Tensor::view(x.data<float>() + i * 64, {64, 64}),
                          rune::Tensor::view(label.data<std::int64_t>() + i, {64}));
  rune::save_safetensors(argv[2], net.state_dict());
  std::printf("%d steps, loss %.7f\n", steps, static_cast<double>(loss));
}
