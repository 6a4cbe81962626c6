"""Checks of what users feed in: before anything is computed where that is possible.

Each is nearly free (milliseconds for 100 MB) and one function; messages name the argument, the
place and the fix, and never print data. `settings.check_inputs = False` turns the checks of values
off.
"""

from cornu.training.checks.arguments import check_count as check_count
from cornu.training.checks.arguments import check_fit_arguments as check_fit_arguments
from cornu.training.checks.compile_time import check_compile as check_compile
from cornu.training.checks.compile_time import check_metric_names as check_metric_names
from cornu.training.checks.feeds import check_batch as check_batch
from cornu.training.checks.feeds import checked as checked
from cornu.training.checks.labels import check_split as check_split
from cornu.training.checks.learning import LearningWatch as LearningWatch
from cornu.training.checks.learning import without_numpy_draws as without_numpy_draws
from cornu.training.checks.values import has_no_rows as has_no_rows
