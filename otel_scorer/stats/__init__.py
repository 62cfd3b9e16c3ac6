"""Statistics of scores: pure functions over numbers, no files, no network, no other dependency.

agreement        two raters, or a judge and raters: quadratic kappa, Pearson, Spearman, MAE, bias, confusion
discrimination   bad cases against good ones: AUC, stratified AUC, balanced accuracy, F1
bootstrap        percentile intervals of any figures, paired and by groups
intervals        Wilson's interval of a share, percentiles
"""
