#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static pthread_mutex_t m=PTHREAD_MUTEX_INITIALIZER; static pthread_cond_t c=PTHREAD_COND_INITIALIZER; static int turn; static __thread int tls;
static void*f(void*a){ int id=(int)(long)a; tls=id; for(int i=0;i<50;i++){ pthread_mutex_lock(&m); while(turn!=id) pthread_cond_wait(&c,&m); turn=(turn+1)%4; pthread_cond_broadcast(&c); pthread_mutex_unlock(&m);} return (void*)(long)(tls*10); }
static void*g(void*a){ return a; }
int main(){ pthread_t t[4]; for(long i=0;i<4;i++) pthread_create(&t[i],0,f,(void*)i); long s=0; for(int i=0;i<4;i++){void*r; pthread_join(t[i],&r); s+=(long)r;} printf("sum %ld turn %d\n",s,turn);
 long n=0; for(int i=0;i<2000;i++){ pthread_t x; void*r; if(pthread_create(&x,0,g,(void*)(long)i)) {puts("fail"); return 1;} pthread_join(x,&r); n+=(long)r; } printf("%ld\n",n); return 0; }
