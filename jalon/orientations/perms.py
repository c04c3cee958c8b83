"""Une attente se voit par la personne qui attend."""

from jalon.personnes.perms import par_personne
from jalon.socle import rls

rls.protect("orientations_attenteorientation", par_personne())
