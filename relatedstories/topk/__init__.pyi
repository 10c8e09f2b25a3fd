from .dates import ANY_DAY as ANY_DAY
from .dates import NO_DATE as NO_DATE
from .dates import DateFactor as DateFactor
from .join import self_topk as self_topk
from .scores import blended as blended
