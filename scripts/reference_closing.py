"""Reference numbers of the tests of appeals.closing_time: Freireich's 6-MP arm with log-log intervals.

Needs `pip install lifelines`. Its intervals are exp(-exp(.)), those of R's survival with conf.type = "log-log".
"""

from lifelines import KaplanMeierFitter

DAYS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
CLOSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]

fit = KaplanMeierFitter(alpha=0.05).fit(DAYS, CLOSED)
table = fit.survival_function_.join(fit.confidence_interval_)
for day in sorted({day for day, closed in zip(DAYS, CLOSED) if closed}):
    print(day, *(f"{number:.12f}" for number in table.loc[day]))
print("median", fit.median_survival_time_)
