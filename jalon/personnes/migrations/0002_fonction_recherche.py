"""Recherche d'une personne par son nom : fonction qui applique elle-même le périmètre.

Sous la sécurité par ligne, PostgreSQL n'emploie pas l'index trigramme (ses opérateurs ne sont pas réputés
étanches) et relit toute la table. La fonction s'exécute donc avec les droits du propriétaire, mais ne rend
que les clés des personnes que la politique de `jalon/personnes/perms.py` montrerait : la condition est la
même, un essai compare les deux. Le rôle web seul peut l'appeler.
"""

from django.conf import settings
from django.db import migrations

FONCTION = r"""
create or replace function rechercher_personnes(texte text, limite int)
returns table (personne bigint, score real)
language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp
as $fonction$
declare
    tout constant boolean := coalesce(current_setting('jalon.tout', true), '') = 'oui';
    territoires constant bigint[] := coalesce(nullif(current_setting('jalon.territoires', true), '')::bigint[], '{}');
    organismes constant bigint[] := coalesce(nullif(current_setting('jalon.organismes', true), '')::bigint[], '{}');
    mots text[];
    mot text;
    longs boolean;
    conditions text := '';
    notes text := '0';
    seuils text[];
    seuil text;
    trouvees bigint[];
    notees real[];
begin
    select array_agg(m), bool_or(length(m) > 2) into mots, longs
    from (select m from regexp_split_to_table(regexp_replace(lower(texte), '[^a-z0-9]+', ' ', 'g'), ' ') m
          where m <> '' limit 8) t;
    if mots is null or limite < 1 then
        return;
    end if;
    foreach mot in array mots loop
        if length(mot) > 2 or not longs then
            conditions := conditions || format(' and p.cle_recherche %%> %L', mot);
        end if;
        if length(mot) <= 2 then
            -- Une ou deux lettres ressemblent à la moitié de la base : elles doivent former un mot entier.
            conditions := conditions || format(' and '' '' || p.cle_recherche || '' '' like %L', '% ' || mot || ' %');
        end if;
        notes := notes || format(
            ' + word_similarity(%1$L, p.cle_recherche) + case when '' '' || p.cle_recherche || '' '' like %2$L then 0.5'
            ' when '' '' || p.cle_recherche like %3$L then 0.25 else 0 end',
            mot, '% ' || mot || ' %', '% ' || mot || '%'
        );
    end loop;
    if not tout then
        -- Même condition que `jalon.personnes.perms.VOIT_PERSONNE` ; un tableau, pour que les index servent.
        conditions := conditions || ' and (p.territoire_id = any($3) or p.id = any(array(
            select a.personne_id from accompagnements_accompagnement a
            where a.organisme_id = any($4) and a.periode @> current_date)))';
    end if;
    -- Charge pg_trgm : son seuil n'existe qu'une fois la bibliothèque en mémoire. (Une clause « set » de la
    -- fonction ferait la même chose, mais sa restauration demanderait un superutilisateur.)
    perform word_similarity('a', 'a');
    -- D'abord les mots justes ou commencés ; les fautes de frappe seulement si cela rend peu de personnes.
    seuils := case when longs then array['0.7', '0.5'] else array['0.95'] end;
    foreach seuil in array seuils loop
        perform set_config('pg_trgm.word_similarity_threshold', seuil, true);
        execute
            'select array_agg(t.id), array_agg(t.note) from (
                select p.id, ((' || notes || ') / $1)::real as note from personnes_personne p
                where p.fusionnee_dans_id is null' || conditions || '
                order by 2 desc, p.nom, p.prenom, p.id limit $2) t'
            into trouvees, notees using array_length(mots, 1), limite, territoires, organismes;
        exit when cardinality(trouvees) >= 5;
    end loop;
    perform set_config('pg_trgm.word_similarity_threshold', '0.6', true);
    return query select * from unnest(trouvees, notees);
end
$fonction$
"""

DROITS = f"""
do $droits$
begin
    if not exists (select 1 from pg_roles where rolname = '{settings.ROLE_WEB}') then
        create role "{settings.ROLE_WEB}" nologin nobypassrls;
        grant "{settings.ROLE_WEB}" to current_user;
    end if;
end
$droits$;
revoke all on function rechercher_personnes(text, int) from public;
grant execute on function rechercher_personnes(text, int) to "{settings.ROLE_WEB}";
"""


class Migration(migrations.Migration):
    dependencies = [("personnes", "0001_initial"), ("accompagnements", "0003_liens_3")]
    operations = [
        migrations.RunSQL(FONCTION, "drop function if exists rechercher_personnes(text, int)"),
        migrations.RunSQL(DROITS, migrations.RunSQL.noop),
    ]
