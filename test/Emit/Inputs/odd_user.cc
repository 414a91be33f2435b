// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

void use(a::b::Odd &net, const float *x, const bool *flag, double *y, std::int64_t *z) {
  a::b::Odd::Workspace ws({.while_ = 4, .n_ = 2});
  static_assert(a::b::Odd::Workspace::bytes({.while_ = 4, .n_ = 2}) == 64);
  net.forward(x, flag, 2, y, z, 4, ws);
  auto [first, second] = net(rune::Tensor(), rune::Tensor(), 2);
  rune::Tensor out;
  net.forward(rune::Tensor(), rune::Tensor(), 2, first, second, ws);
  net.create_(x, y ? nullptr : const_cast<float *>(x), 2, ws);
  net.h[1].weight.requires_grad_(net.h.size() == 3);
  for (auto &block : net.h)
    block.train_.fill_(0);
}
