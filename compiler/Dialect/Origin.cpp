// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Dialect/Origin.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace rune;

static constexpr llvm::StringLiteral backwardName = "backward";

Location rune::backwardOf(Location location) {
  return NameLoc::get(StringAttr::get(location.getContext(), backwardName), location);
}

Location rune::withOrigin(Operation *primitive) {
  auto scope = primitive->getAttrOfType<StringAttr>("scope");
  std::string name = (scope ? scope.getValue().str() : "") + ":" + primitive->getName().stripDialect().str();
  return NameLoc::get(StringAttr::get(primitive->getContext(), name), primitive->getLoc());
}

void rune::addOrigins(Location location, std::vector<Origin> &origins) {
  location->walk([&](Location inner) {
    auto named = dyn_cast<NameLoc>(inner);
    if (!named || !named.getName().getValue().contains(':'))
      return WalkResult::advance();
    auto [scope, primitive] = named.getName().getValue().rsplit(':');
    auto child = dyn_cast<NameLoc>(named.getChildLoc());
    Origin origin{scope.str(), primitive.str(), child && child.getName().getValue() == backwardName};
    if (!llvm::is_contained(origins, origin))
      origins.push_back(std::move(origin));
    return WalkResult::advance();
  });
}

FileLineColLoc rune::fileOf(Location location) {
  FileLineColLoc found;
  location->walk([&](Location inner) {
    if (auto place = dyn_cast<FileLineColLoc>(inner)) {
      found = place;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return found;
}
