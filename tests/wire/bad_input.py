from suite import Family
family = Family('bad input')
