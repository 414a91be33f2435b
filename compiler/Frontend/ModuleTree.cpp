// Part of Runestone, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Frontend/ModuleTree.h"
#include "Frontend/Frontend.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace rune;

int64_t MemberTensor::count() const {
  int64_t elements = 1;
  for (int64_t size : shape)
    elements *= size;
  return elements;
}

void Instance::add(std::unique_ptr<Slot> slot) {
  index[slot->name] = order.size();
  order.push_back({false, slots.size()});
  slots.push_back(std::move(slot));
}

void Instance::add(Child child) {
  index[child.name] = order.size();
  order.push_back({true, children.size()});
  children.push_back(std::move(child));
}

Slot *Instance::findSlot(llvm::StringRef name) const {
  auto it = index.find(name);
  return it != index.end() && !order[it->second].first ? slots[order[it->second].second].get() : nullptr;
}

const Child *Instance::findChild(llvm::StringRef name) const {
  auto it = index.find(name);
  return it != index.end() && order[it->second].first ? &children[order[it->second].second] : nullptr;
}

static void collectParameters(Instance &instance, llvm::DenseSet<const MemberTensor *> &seen,
                              std::vector<Slot *> &slots) {
  for (const auto &slot : instance.slots)
    if (slot->tensor && slot->tensor->kind == MemberTensor::Parameter && seen.insert(slot->tensor).second)
      slots.push_back(slot.get());
  for (const Child &child : instance.children)
    if (child.instance)
      collectParameters(*child.instance, seen, slots);
}

std::vector<Slot *> ModuleTree::namedParameters(Instance &instance) const {
  llvm::DenseSet<const MemberTensor *> seen;
  std::vector<Slot *> slots;
  collectParameters(instance, seen, slots);
  return slots;
}

//===-- Printing, as nn.Module and nn.ModuleList do
//-----------------------------------------------------------------===//

/// Every line but the first moved right.
static std::string indented(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    result += c;
    if (c == '\n')
      result += "  ";
  }
  return result;
}

static std::string body(const std::string &type, const std::vector<std::string> &lines) {
  std::string text = type + "(";
  for (const std::string &line : lines)
    text += "\n  " + line;
  return text + (lines.empty() ? ")" : "\n)");
}

static std::string printInstance(const Instance *instance);

static std::string printList(const Instance &list) {
  struct Run {
    size_t first, last;
    std::string text;
  };
  std::vector<Run> runs;
  for (const auto &[i, child] : llvm::enumerate(list.children)) {
    std::string text = printInstance(child.instance);
    if (!runs.empty() && runs.back().text == text)
      runs.back().last = i;
    else
      runs.push_back({i, i, std::move(text)});
  }
  std::vector<std::string> lines;
  for (const Run &run : runs) {
    std::string text = "(" + std::to_string(run.first);
    if (run.last != run.first)
      text += "-" + std::to_string(run.last) + "): " + std::to_string(run.last - run.first + 1) + " x ";
    else
      text += "): ";
    lines.push_back(indented(text + run.text));
  }
  return body(list.typeName, lines);
}

static std::string printInstance(const Instance *instance) {
  if (!instance)
    return "None";
  if (instance->kind == Instance::List)
    return printList(*instance);
  if (instance->children.empty() && !llvm::StringRef(instance->extraRepr).contains('\n'))
    return instance->typeName + "(" + instance->extraRepr + ")";
  std::vector<std::string> lines;
  if (!instance->extraRepr.empty())
    lines.push_back(indented(instance->extraRepr));
  for (const Child &child : instance->children)
    lines.push_back("(" + child.name + "): " + indented(printInstance(child.instance)));
  return body(instance->typeName, lines);
}

std::string rune::printTree(const ModuleTree &tree) { return printInstance(tree.root); }
