from torch import nn

from golden import normal


class MyLinear(nn.Linear):
    pass


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = MyLinear(6, 16)
        self.act = nn.ReLU()
        self.fc2 = MyLinear(16, 16, bias=False)
        self.fc3 = Xavier(16, 3)

    def forward(self, x):
        h = self.act(self.fc1(x))
        h = h + self.fc2(h)
        return self.fc3(h)


class Xavier(nn.Linear):
    def reset_parameters(self):
        nn.init.xavier_normal_(self.weight)
        nn.init.zeros_(self.bias)

    def _get_name(self):
        return "Linear"


make = Net
inputs = {"x": normal(5, 6)}
