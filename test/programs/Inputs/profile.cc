#include "digits.h"

#include <thread>

int main() {
  models::Digits net;
  net.reset_parameters(0);
  const rune::Tensor x = rune::Tensor::ones({3, 64});
  std::thread([&] { net(x); }).join();
  models::Digits::Trainer trainer(net);
  trainer.step(x, rune::Tensor::zeros({3}, rune::DType::i64));
  return 0;
}
